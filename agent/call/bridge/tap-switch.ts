import assert from 'node:assert/strict';
import type { MessagePort } from 'node:worker_threads';
import type { TapPorts } from './bridge-channel.js';
import type { TapOutlets } from './bridge-environment.js';

export interface TapSwitchOptions {
  readonly connect: (outlets: TapOutlets) => void;
  /** A listener went away by itself. */
  readonly onClosed: (name: keyof TapPorts) => void;
}

/** Leads the taps into their ports. When a listener dies, what is for it waits in the legs for the next one. */
export class TapSwitch {
  readonly #options: TapSwitchOptions;
  #ports: TapPorts = { recordPort: null, detectPort: null };

  constructor(options: TapSwitchOptions) {
    this.#options = options;
  }

  /** Puts in the ports that are named; the other stays as it is. */
  connect(ports: Partial<TapPorts>): void {
    this.#ports = { ...this.#ports, ...ports };
    this.#options.connect(outletsOf(this.#ports));
    for (const name of ['recordPort', 'detectPort'] as const) {
      const port = ports[name];
      port?.once('close', () => this.#onClosed(name, port));
    }
  }

  #onClosed(name: keyof TapPorts, port: MessagePort): void {
    // One that was replaced before it closed takes nothing with it.
    if (this.#ports[name] !== port) return;
    this.#ports = { ...this.#ports, [name]: null };
    this.#options.connect(outletsOf(this.#ports));
    this.#options.onClosed(name);
  }
}

function outletsOf({ recordPort, detectPort }: TapPorts): TapOutlets {
  return {
    record:
      recordPort === null
        ? null
        : (tap) => recordPort.postMessage(tap, [transferable(tap.packets)]),
    detect:
      detectPort === null
        ? null
        : (tap) => detectPort.postMessage(tap, [transferable(tap.samples)]),
  };
}

function transferable({ buffer }: Uint8Array | Int16Array): ArrayBuffer {
  assert.ok(buffer instanceof ArrayBuffer, 'a tap has memory of its own');
  return buffer;
}
