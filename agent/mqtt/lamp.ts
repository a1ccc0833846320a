import type { LampConfig } from './mqtt-config.js';

/** What a lamp shows. */
export interface LampShow {
  readonly level: 0 | 1 | 2 | 3;
  /** 1 and above: nobody acknowledged in time. */
  readonly overdueStage: number;
}

export interface LampMessage {
  readonly topic: string;
  readonly payload: string;
  /** Whether a lamp that comes later finds it at the broker. */
  readonly retain: boolean;
}

const COLOURS = [
  { r: 0, g: 0, b: 0 },
  { r: 255, g: 200, b: 0 },
  { r: 255, g: 80, b: 0 },
  { r: 255, g: 0, b: 0 },
] as const;

/** Red, yellow, green, blue, white, buzzer: 0 off, 1 on, 2 and 3 flashing (NH-FV). */
const PATLITE = ['000000', '010000', '100000', '200001'] as const;
const PATLITE_OVERDUE = ['000000', '020000', '200001', '300002'] as const;

/** How a lamp of each kind is told. */
export function lampMessage(lamp: LampConfig, show: LampShow): LampMessage {
  const power = show.level > 0 ? 'ON' : 'OFF';
  switch (lamp.kind) {
    case 'tasmota':
      // Retained, it would switch again at each reboot of the lamp, against whoever switched it by hand.
      return { topic: `${lamp.topic}/POWER`, payload: power, retain: false };
    case 'raw':
      return { topic: lamp.topic, payload: power, retain: true };
    case 'zigbee2mqtt':
      return { topic: `${lamp.topic}/set`, payload: light(power, show, 254), retain: false };
    case 'home-assistant':
      return { topic: lamp.topic, payload: light(power, show, 255), retain: true };
    case 'patlite': {
      const alert = (show.overdueStage > 0 ? PATLITE_OVERDUE : PATLITE)[show.level];
      return { topic: lamp.topic, payload: JSON.stringify({ alert }), retain: true };
    }
  }
}

/** Where a lamp says that it came (back) and must be told again: Tasmota's `tele/<topic>/LWT`. */
export function lampArrivalTopic(lamp: LampConfig): string | null {
  const match = lamp.kind === 'tasmota' ? /^cmnd\/(.+)$/.exec(lamp.topic) : null;
  return match?.[1] === undefined ? null : `tele/${match[1]}/LWT`;
}

function light(power: 'ON' | 'OFF', { level, overdueStage }: LampShow, brightness: number): string {
  if (power === 'OFF') return JSON.stringify({ state: power });
  const effect = overdueStage > 0 ? { flash: 'long' } : {};
  return JSON.stringify({ state: power, brightness, color: COLOURS[level], ...effect });
}
