"""Speaks the box's prompts and the demonstration's call with Open JTalk and free HTS voices.

    pip install -r scripts/speech/requirements.txt
    python scripts/speech/make-speech.py --voices VOICES

VOICES holds the HTS voices that NOTICE names. Writes agent/call/prompts/*.wav and demo/speech/*.wav:
8 kHz, mono, 16 bit, −20 dBFS RMS while speaking, peaks under −3 dBFS; the same bytes every time.
"""
import argparse
from pathlib import Path

import numpy as np
import pyopenjtalk
import soundfile
from pyopenjtalk.htsengine import HTSEngine

RATE = 8_000
ROOT = Path(__file__).resolve().parents[2]
VOICES = {
    "tohoku": "htsvoice-tohoku-f01/tohoku-f01-neutral.htsvoice",
    "mei": "mei/mei_normal.htsvoice",
    "man": "hts_voice_nitech_jp_atr503_m001-1.05/nitech_jp_atr503_m001.htsvoice",
    "angry": "htsvoice-tohoku-f01/tohoku-f01-angry.htsvoice",
}
# file, voice, speed, half tones, text
PROMPTS = [
    ("announcement-ja", "mei", 1.12, 0, "この電話は、応対品質の向上と、従業員保護のため、録音しております。"),
    ("apology-ja", "mei", 1.08, 0, "申し訳ございません。ただいま、電話に出ることができません。恐れ入りますが、しばらくしてから、おかけ直しください。"),
    ("waiting-ja", "mei", 1.08, 0, "ただいま、ほかのお客様とお話し中です。このまま、しばらくお待ちください。"),
]
CALL = [
    ("caller-1", "man", 1.0, 0, "もしもし。きのうそちらで買った炊飯器のことで、電話したんですけど。"),
    ("staff-1", "tohoku", 1.0, 0, "はい、お電話ありがとうございます。さくら商店でございます。どうなさいましたか。"),
    ("caller-2", "man", 1.05, 1, "スイッチを入れても動かないんだよ。どうなってるんだ、おたくの店は。"),
    ("staff-2", "tohoku", 1.0, 0, "大変申し訳ございません。すぐに、お取り替えの手続きをいたします。"),
    ("caller-3", "man", 1.1, 2, "ふざけるな。お前、名前覚えたからな。ただじゃ済まないぞ。"),
    ("staff-3", "tohoku", 0.95, 0, "そのような発言が続く場合、これ以上のご案内はいたしかねます。"),
    ("caller-4", "man", 1.0, 0, "わかったよ。もういい。"),
]


def speak(engine, text, speed, half_tones):
    engine.set_speed(speed)
    engine.add_half_tone(half_tones)
    wave = engine.synthesize(pyopenjtalk.extract_fullcontext(text)) / 32768.0
    factor = int(engine.get_sampling_frequency()) // RATE
    return decimate(wave, factor)


def decimate(x, factor):
    """Windowed sinc, 3,400 Hz edge."""
    taps = 32 * factor + 1
    n = np.arange(taps) - taps // 2
    cut = 3_500 / (RATE * factor)
    h = 2 * cut * np.sinc(2 * cut * n) * np.kaiser(taps, 8.0)
    return np.convolve(x, h, mode="same")[::factor]


def level(x, rms_db=-20.0, peak_db=-3.0):
    loud = np.abs(x) > 0.02 * np.abs(x).max()
    gain = 10 ** (rms_db / 20) / np.sqrt(np.mean(x[loud] ** 2))
    gain = min(gain, 10 ** (peak_db / 20) / np.abs(x).max())
    return x * gain


def trimmed(x, before_s=0.1, after_s=0.2):
    loud = np.flatnonzero(np.abs(x) > 0.01 * np.abs(x).max())
    a = max(0, loud[0] - int(before_s * RATE))
    return x[a : loud[-1] + int(after_s * RATE)]


def hold_music():
    """A slow broken chord of our own, 12 s, soft, without a click where it repeats."""
    notes = [523.25, 659.26, 783.99, 659.26, 587.33, 698.46, 880.0, 698.46, 493.88, 587.33, 783.99, 587.33, 523.25, 659.26, 783.99, 1046.5]
    step = int(0.75 * RATE)
    out = np.zeros(step * len(notes) + RATE)
    t = np.arange(int(1.6 * RATE)) / RATE
    for i, hz in enumerate(notes):
        note = (np.sin(2 * np.pi * hz * t) + 0.3 * np.sin(4 * np.pi * hz * t)) * np.exp(-3.0 * t) * np.minimum(1, t / 0.02)
        end = min(len(out), i * step + len(note))
        out[i * step : end] += note[: end - i * step]
    # What rings on past the end is folded back to the beginning.
    body = out[: step * len(notes)]
    body[: len(out) - len(body)] += out[len(body) :]
    return body


def write(path, x, rms_db):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.round(level(x, rms_db) * 32767).astype(np.int16), RATE, subtype="PCM_16")
    print(f"{path.relative_to(ROOT)} {len(x) / RATE:.2f} s")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--voices", type=Path, required=True)
    voices = parser.parse_args().voices
    for folder, lines in (("agent/call/prompts", PROMPTS), ("demo/speech", CALL)):
        for name, voice, speed, half_tones, text in lines:
            engine = HTSEngine(str(voices / VOICES[voice]).encode())
            write(ROOT / folder / f"{name}.wav", trimmed(speak(engine, text, speed, half_tones)), -20.0)
    write(ROOT / "agent/call/prompts/hold-ja.wav", hold_music(), -26.0)


if __name__ == "__main__":
    main()
