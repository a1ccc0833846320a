import type { PeerEvent } from './peer/control.js';
import type { StoredCall } from './stage/box-link.js';
import type { Speaker, WatchEvent } from './view/index.js';

/** What happens in the demonstration, whoever tells it. */
export type Happening =
  | { readonly from: 'box'; readonly event: WatchEvent }
  | { readonly from: 'gateway' | 'phone'; readonly event: PeerEvent }
  /** One of the two begins to speak. */
  | { readonly from: 'script'; readonly speaker: Speaker }
  /** The call's record, read after its end. */
  | { readonly from: 'memory'; readonly call: StoredCall };

/** What has been shown of the call so far: a plain value. */
export interface Proof {
  /** The box took the call up. */
  readonly reached: boolean;
  readonly callId: string | null;
  readonly announced: 'no' | 'inPart' | 'whole';
  readonly answered: boolean;
  /** Whether it is the simulated phone that answered, and not a person's own. */
  readonly isOurPhone: boolean;
  readonly spoken: Readonly<Record<Speaker, boolean>>;
  /** Speech of the other side came out at this end. */
  readonly heardBy: Readonly<Record<Speaker, boolean>>;
  /** Lines that each has finished. */
  readonly said: Readonly<Record<Speaker, number>>;
  readonly alertId: string | null;
  readonly acknowledged: boolean;
  readonly published: boolean;
  readonly ended: boolean;
  readonly recordedMs: number;
}

export const NOTHING_SHOWN: Proof = {
  reached: false,
  callId: null,
  announced: 'no',
  answered: false,
  isOurPhone: false,
  spoken: { caller: false, staff: false },
  heardBy: { caller: false, staff: false },
  said: { caller: 0, staff: 0 },
  alertId: null,
  acknowledged: false,
  published: false,
  ended: false,
  recordedMs: 0,
};

/** Louder than anything but speech: lines and silence of G.711 lie far below, dBov. */
const SPEECH_DBOV = -45;

export function prove(proof: Proof, happening: Happening): Proof {
  switch (happening.from) {
    case 'box':
      return proveByBox(proof, happening.event);
    case 'gateway':
      return proveByPeer(proof, happening.event, 'caller');
    case 'phone':
      return proveByPeer(proof, happening.event, 'staff');
    case 'script':
      return { ...proof, spoken: { ...proof.spoken, [happening.speaker]: true } };
    case 'memory':
      return { ...proof, recordedMs: happening.call.recording?.durationMs ?? 0 };
  }
}

function proveByBox(proof: Proof, event: WatchEvent): Proof {
  if (event.kind === 'call') return proveByCall(proof, event.call);
  if (event.kind === 'alert' && event.callId === proof.callId) {
    if (event.change === 'acknowledged') return { ...proof, acknowledged: true };
    return event.change === 'cleared' ? proof : { ...proof, alertId: event.alertId };
  }
  if (event.kind === 'mqtt' && event.topic.endsWith('/alert/level') && event.payload !== '0') {
    return { ...proof, published: true };
  }
  return proof;
}

type CallEvent = Extract<WatchEvent, { kind: 'call' }>['call'];

function proveByCall(proof: Proof, { callId, phase, completed }: CallEvent): Proof {
  const known = proof.callId ?? callId;
  return callId === known ? proveByPhase({ ...proof, callId }, { phase, completed }) : proof;
}

function proveByPhase(
  proof: Proof,
  { phase, completed }: Pick<CallEvent, 'phase' | 'completed'>,
): Proof {
  switch (phase) {
    case 'announcementPlayed':
      return { ...proof, announced: completed === false ? 'inPart' : 'whole' };
    case 'answered':
      return { ...proof, answered: true };
    case 'ended':
    case 'rejected':
      return { ...proof, ended: true };
    default:
      return proof;
  }
}

/** @param self who sits at this end */
function proveByPeer(proof: Proof, event: PeerEvent, self: Speaker): Proof {
  const other = self === 'caller' ? 'staff' : 'caller';
  switch (event.event) {
    case 'answered':
      return self === 'staff' ? { ...proof, isOurPhone: true } : { ...proof, reached: true };
    case 'said':
      return { ...proof, said: { ...proof.said, [self]: proof.said[self] + 1 } };
    case 'heard': {
      // Before the other one has spoken, what is heard is the announcement or the ringing tone.
      // A person at their own telephone speaks when they like.
      const isTalking = proof.spoken[other] || (other === 'staff' && !proof.isOurPhone);
      const isSpeech = event.levelDbov > SPEECH_DBOV && proof.answered && isTalking;
      return isSpeech ? { ...proof, heardBy: { ...proof.heardBy, [self]: true } } : proof;
    }
    default:
      return proof;
  }
}

/** @returns what was not shown, for people; null when the call was announced, bridged, recorded and alerted */
export function missingStep(proof: Proof): string | null {
  if (!proof.reached || proof.callId === null) return '着信: 箱に電話が届きませんでした';
  if (proof.announced === 'no') return '録音告知: 告知が流れませんでした';
  if (proof.announced === 'inPart') return '録音告知: 告知が最後まで流れませんでした';
  if (!proof.answered) return '呼出: 電話機が応答しませんでした';
  if (!proof.heardBy.caller) return '通話: 店員の声が相手に届きませんでした';
  // What comes out of a person's own telephone, only they hear.
  if (proof.isOurPhone && !proof.heardBy.staff) return '通話: 相手の声が店員に届きませんでした';
  if (proof.alertId === null) return '検知・警報: 相手の言葉から警報が出ませんでした';
  if (!proof.published) return 'MQTT: 警報が alert/level に出ませんでした';
  if (proof.recordedMs === 0) return '録音: 通話が残っていません';
  return null;
}
