import { fileURLToPath } from 'node:url';
import type { Speaker } from './view/index.js';

/** One turn of the call; the speech stands in demo/speech, made by scripts/speech/make-speech.py. */
export interface Turn {
  readonly speaker: Speaker;
  readonly name: string;
  /** What is said, for the screen alone: the box hears the audio. */
  readonly text: string;
  /** Before it, ms. */
  readonly pauseMs: number;
}

export const SCRIPT: readonly Turn[] = [
  {
    speaker: 'staff',
    name: 'staff-1',
    text: 'はい、お電話ありがとうございます。さくら商店でございます。どうなさいましたか。',
    pauseMs: 700,
  },
  {
    speaker: 'caller',
    name: 'caller-1',
    text: 'もしもし。きのうそちらで買った炊飯器のことで、電話したんですけど。',
    pauseMs: 500,
  },
  {
    speaker: 'caller',
    name: 'caller-2',
    text: 'スイッチを入れても動かないんだよ。どうなってるんだ、おたくの店は。',
    pauseMs: 400,
  },
  {
    speaker: 'staff',
    name: 'staff-2',
    text: '大変申し訳ございません。すぐに、お取り替えの手続きをいたします。',
    pauseMs: 500,
  },
  {
    speaker: 'caller',
    name: 'caller-3',
    text: 'ふざけるな。お前、名前覚えたからな。ただじゃ済まないぞ。',
    pauseMs: 400,
  },
  {
    speaker: 'staff',
    name: 'staff-3',
    text: 'そのような発言が続く場合、これ以上のご案内はいたしかねます。',
    pauseMs: 900,
  },
  { speaker: 'caller', name: 'caller-4', text: 'わかったよ。もういい。', pauseMs: 700 },
];

/** Compiled, this stands in dist/demo; the speech stays in the sources. */
export const speechFile = (name: string): string =>
  fileURLToPath(new URL(`../../demo/speech/${name}.wav`, import.meta.url));
