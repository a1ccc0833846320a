import { messageOf } from '../base/index.js';
import { missingStep } from './proof.js';
import { SCRIPT, speechFile, type Turn } from './script.js';
import { OWN_PHONE, PHONE } from './stage/box-folder.js';
import { DemoStopped } from './stage/happenings.js';
import type { Stage } from './stage/stage.js';

/** The caller, and the shop's own number. */
const CALLER = '09000001234';
const SHOP = '0300005678';
const SUPERVISOR = '店長（デモ）';

/** How long each step may take, ms. */
const STATUS_POLL_MS = 300;
const AGENT_WAIT_MS = 30_000;
const REGISTERED_WAIT_MS = 20_000;
const REACHED_WAIT_MS = 5_000;
const ANNOUNCED_WAIT_MS = 15_000;
const ANSWERED_WAIT_MS = 40_000;
const SAID_WAIT_MS = 20_000;
/** After the last line: what was said at its end is heard a second later. */
const ALERT_WAIT_MS = 5_000;
const ACKNOWLEDGED_WAIT_MS = 8_000;
const ENDED_WAIT_MS = 10_000;
const SETTLE_MS = 700;
/** The supervisor looks up and comes. */
const SUPERVISOR_MS = 4_000;
/** With a person at their own telephone: time to say something before the caller goes on. */
const PERSON_PAUSE_MS = 5_000;
/** How long our phone leaves the ringing to a person's own, and how long it rings alone. */
const PERSON_RING_MS = 20_000;
export const RING_MS = 1_500;

/** Waits until the box listens, the line is registered and the phone too. */
export async function awaitReady(stage: Stage): Promise<void> {
  await awaitStatus(stage, AGENT_WAIT_MS, () => true, 'agent が応答しません');
  stage.watch();
  stage.openPhone(RING_MS);
  await awaitStatus(
    stage,
    REGISTERED_WAIT_MS,
    ({ line }) => line.state === 'registered' || line.state === 'up',
    '回線が登録されませんでした',
  );
  await awaitStatus(
    stage,
    REGISTERED_WAIT_MS,
    ({ phones }) => phones.some((phone) => phone.extension === PHONE && phone.registered),
    `電話機 ${PHONE} が登録されませんでした`,
  );
  await awaitStatus(
    stage,
    REGISTERED_WAIT_MS,
    ({ detector }) => detector.state === 'listening',
    '聞き取り（detector）の準備が終わりませんでした',
  );
}

/** Without a model nobody listens, and there is nothing to show. */
const DEAF: ReadonlySet<string> = new Set(['off', 'down']);

type Status = NonNullable<Awaited<ReturnType<Stage['status']>>>;

async function awaitStatus(
  stage: Stage,
  timeoutMs: number,
  isReady: (status: Status) => boolean,
  otherwise: string,
): Promise<void> {
  for (let leftMs = timeoutMs; leftMs > 0; leftMs -= STATUS_POLL_MS) {
    const status = await stage.status();
    if (status !== null && DEAF.has(status.detector.state)) {
      const reason = status.detector.reason ?? 'モデルがありません';
      throw new DemoStopped(`聞き取りが止まっています detector off: ${reason}`);
    }
    if (status !== null && isReady(status)) return;
    await stage.happenings.pause(STATUS_POLL_MS);
  }
  throw new DemoStopped(otherwise);
}

/**
 * Plays one whole call.
 * @returns the step that was not shown, for people; null when all were
 * @throws {DemoStopped} (rejects) when it was stopped from outside
 */
export async function playCall(stage: Stage): Promise<string | null> {
  stage.beginCall();
  const { happenings } = stage;
  const status = await stage.status();
  const isPersonThere = status?.phones.some(
    ({ extension, registered }) => extension === OWN_PHONE && registered,
  );
  stage.phone.send({ do: 'ringFor', ringMs: isPersonThere === true ? PERSON_RING_MS : RING_MS });
  stage.dial(CALLER, SHOP);
  const steps: readonly [isSo: () => boolean, timeoutMs: number][] = [
    [() => stage.proof.reached, REACHED_WAIT_MS],
    [() => stage.proof.announced !== 'no', ANNOUNCED_WAIT_MS],
    [() => stage.proof.answered, ANSWERED_WAIT_MS],
  ];
  for (const [isSo, timeoutMs] of steps) {
    if (!(await happenings.until(() => isSo() || stage.proof.ended, timeoutMs))) break;
  }
  if (stage.proof.answered) {
    await Promise.all([talk(stage), supervise(stage)]);
  }
  stage.gateway.send({ do: 'hangUp' });
  await happenings.until(() => stage.proof.ended, ENDED_WAIT_MS);
  await stage.readRecord();
  // The lamp goes out, the alarm is cleared, the last words come in.
  await happenings.pause(SETTLE_MS);
  return missingStep(stage.proof);
}

async function talk(stage: Stage): Promise<void> {
  for (const turn of SCRIPT) {
    await stage.happenings.pause(turn.pauseMs);
    if (stage.proof.ended) return;
    if (turn.speaker === 'staff' && !stage.proof.isOurPhone) {
      await stage.happenings.until(() => stage.proof.ended, PERSON_PAUSE_MS);
    } else await speak(stage, turn);
  }
}

async function speak(stage: Stage, { speaker, name, text }: Turn): Promise<void> {
  const before = stage.proof.said[speaker];
  stage.beginLine(speaker, text);
  const peer = speaker === 'caller' ? stage.gateway : stage.phone;
  peer.send({ do: 'say', file: speechFile(name) });
  const isSaid = (): boolean => stage.proof.said[speaker] > before || stage.proof.ended;
  await stage.happenings.until(isSaid, SAID_WAIT_MS);
  stage.endLine(speaker);
}

/** Sees the alarm and acknowledges it, unless somebody at the keyboard did before. */
async function supervise(stage: Stage): Promise<void> {
  const { happenings } = stage;
  const lastLines = SCRIPT.filter(({ speaker }) => speaker === 'caller').length;
  const isOver = (): boolean => stage.proof.ended || stage.proof.said.caller >= lastLines;
  // An alarm comes at any time while they talk; after the last words it has little time left.
  const talkMs = SCRIPT.length * SAID_WAIT_MS;
  await happenings.until(() => stage.proof.alertId !== null || isOver(), talkMs);
  await happenings.until(() => stage.proof.alertId !== null, ALERT_WAIT_MS);
  if (stage.proof.alertId === null) return;
  await happenings.until(() => stage.proof.acknowledged, SUPERVISOR_MS);
  if (!stage.proof.acknowledged) await acknowledge(stage, SUPERVISOR);
  await happenings.until(() => stage.proof.acknowledged, ACKNOWLEDGED_WAIT_MS);
}

/** @param by who, as it is shown to people */
export async function acknowledge(stage: Stage, by: string): Promise<void> {
  const { alertId } = stage.proof;
  if (alertId === null) return;
  try {
    await stage.link.acknowledge(alertId, by);
  } catch (cause) {
    stage.note(`確認できませんでした: ${messageOf(cause)}`);
  }
}
