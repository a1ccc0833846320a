import { randomHex, type Clock, type Random, type Timer } from '../../../base/index.js';
import {
  createDigestServer,
  type AuthGuardLimits,
  type DigestCounts,
  type DigestServer,
  type DigestServerOptions,
  type DigestVerdict,
} from '../digest/index.js';
import { responseTo, type ResponseOptions } from '../message/compose.js';
import {
  headerOf,
  withParam,
  type HeaderField,
  type NameAddr,
  type SipRequest,
  type SipResponse,
} from '../message/sip-message.js';
import { isSipUriEqual } from '../message/sip-uri.js';
import { isSameEndpoint, type Endpoint } from '../transport/transport.js';
import { applyRegister, BINDING_LIMITS, type Binding, type BindingLimits } from './bindings.js';

/** A phone that may register. */
export interface PhoneAccount {
  /** User part of its address of record, and its digest user. */
  readonly extension: string;
  readonly password: string;
}

export interface RegistrarOptions {
  readonly phones: readonly PhoneAccount[];
  /** `tatebako`. */
  readonly realm: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits?: Partial<BindingLimits>;
  readonly guard?: AuthGuardLimits;
  /** See `DigestServerOptions.algorithms`. */
  readonly algorithms?: NonNullable<DigestServerOptions['algorithms']>;
  /** A contact that was not there before. */
  onRegistered?(extension: string, binding: Binding): void;
  /** A phone took its contact back, or a newer one of the same socket took its place. */
  onUnregistered?(extension: string, binding: Binding): void;
  onExpired?(extension: string, binding: Binding): void;
  /** Any change, refreshes too: time to store `snapshot()`. */
  onChanged?(): void;
}

/** A binding as stored: its expiry on the wall clock, Unix ms, since the monotonic clock dies with the process. */
export interface StoredBinding extends Omit<Binding, 'expiresAtMs'> {
  readonly extension: string;
  readonly expiresAtWallMs: number;
}

/** The registrar of the shop's phones (RFC 3261 §10.3). */
export interface Registrar {
  /** @returns the answer to a REGISTER: 200, 400, 401, 403, 423, 500 or 503 */
  handle(request: SipRequest, source: Endpoint): SipResponse;
  /** Checks any other request of a phone, by the same passwords (407). */
  authenticate(request: SipRequest, source: Endpoint): DigestVerdict;
  /** @returns where the extension rings now, the highest q first; empty when it is unknown or away */
  contactsOf(extension: string): readonly Binding[];
  /** @returns the extensions that have a contact at this socket: a request from there may be theirs */
  extensionsAt(source: Endpoint): readonly string[];
  snapshot(): readonly StoredBinding[];
  /** Takes up what an earlier run knew; phones no longer configured and expired bindings are left out. */
  restore(stored: readonly StoredBinding[]): void;
  readonly counts: DigestCounts;
  /** Stops its timer. */
  close(): void;
}

export function createRegistrar(options: RegistrarOptions): Registrar {
  return new MemoryRegistrar(options);
}

class MemoryRegistrar implements Registrar {
  readonly #options: RegistrarOptions;
  readonly #limits: BindingLimits;
  readonly #digest: DigestServer;
  /** Every configured extension has its entry; no other ever gets one. */
  readonly #bindings: Map<string, readonly Binding[]>;
  #expiry: Timer | null = null;

  constructor(options: RegistrarOptions) {
    this.#options = options;
    this.#limits = { ...BINDING_LIMITS, ...options.limits };
    const passwords = new Map(options.phones.map((phone) => [phone.extension, phone.password]));
    this.#bindings = new Map(options.phones.map((phone) => [phone.extension, []]));
    this.#digest = createDigestServer({
      ...options,
      passwordOf: (user) => passwords.get(user),
    });
  }

  get counts(): DigestCounts {
    return this.#digest.counts;
  }

  handle(request: SipRequest, source: Endpoint): SipResponse {
    const verdict = this.#digest.verify(request, source, 'registrar');
    if (verdict.verdict === 'challenge') {
      return this.#respond(request, verdict.status, { headers: verdict.headers });
    }
    // A phone may register itself only (RFC 3261 §10.3 step 4); an unknown extension gets as far as a known one's thief.
    const extension = request.to.uri.user;
    const bindings = this.#bindings.get(extension);
    if (verdict.verdict === 'refuse' || verdict.user !== extension || bindings === undefined) {
      return this.#respond(request, 403, { headers: retryHeaders(verdict) });
    }
    const outcome = applyRegister(
      bindings,
      {
        contacts: request.contacts,
        expires: headerOf(request, 'Expires'),
        callId: request.callId,
        cSeq: request.cSeq,
        source,
        nowMs: this.#options.clock.monotonicMs(),
      },
      this.#limits,
    );
    switch (outcome.kind) {
      case 'tooBrief':
        return this.#respond(request, 423, {
          headers: [{ name: 'Min-Expires', value: String(outcome.minExpiresS) }],
        });
      case 'refused':
        return this.#respond(request, outcome.status, { reason: outcome.reason });
      case 'done':
        this.#change(extension, outcome.bindings);
        return this.#respond(request, 200, {
          contacts: outcome.bindings.map((binding) => this.#listed(binding)),
        });
    }
  }

  authenticate(request: SipRequest, source: Endpoint): DigestVerdict {
    return this.#digest.verify(request, source, 'proxy');
  }

  contactsOf(extension: string): readonly Binding[] {
    return (this.#bindings.get(extension) ?? []).toSorted((a, b) => b.q - a.q);
  }

  extensionsAt(source: Endpoint): readonly string[] {
    const isThere = ({ target }: Binding): boolean => isSameEndpoint(target, source);
    return [...this.#bindings].filter(([, all]) => all.some(isThere)).map(([name]) => name);
  }

  snapshot(): readonly StoredBinding[] {
    const { clock } = this.#options;
    const toWallMs = clock.wallMs() - clock.monotonicMs();
    return [...this.#bindings].flatMap(([extension, all]) =>
      all.map(({ expiresAtMs, ...binding }) => ({
        ...binding,
        extension,
        expiresAtWallMs: Math.round(expiresAtMs + toWallMs),
      })),
    );
  }

  restore(stored: readonly StoredBinding[]): void {
    const { clock } = this.#options;
    const nowMs = clock.monotonicMs();
    for (const { extension, expiresAtWallMs, ...binding } of stored) {
      const bindings = this.#bindings.get(extension);
      // A wall clock that stood wrong then or now must not keep a dead phone ringing for years.
      const leftMs = Math.min(expiresAtWallMs - clock.wallMs(), this.#limits.expiresMaxS * 1_000);
      if (bindings === undefined || leftMs <= 0) continue;
      if (bindings.length >= this.#limits.contactsMax) continue;
      this.#bindings.set(extension, [...bindings, { ...binding, expiresAtMs: nowMs + leftMs }]);
    }
    this.#armExpiry();
  }

  close(): void {
    this.#expiry?.cancel();
    this.#expiry = null;
  }

  #change(extension: string, next: readonly Binding[]): void {
    const before = this.#bindings.get(extension) ?? [];
    if (before === next) return;
    this.#bindings.set(extension, next);
    this.#armExpiry();
    const isIn = (all: readonly Binding[], one: Binding): boolean =>
      all.some(({ contact }) => isSipUriEqual(contact, one.contact));
    for (const binding of next) {
      if (!isIn(before, binding)) this.#options.onRegistered?.(extension, binding);
    }
    for (const binding of before) {
      if (!isIn(next, binding)) this.#options.onUnregistered?.(extension, binding);
    }
    this.#options.onChanged?.();
  }

  #armExpiry(): void {
    this.close();
    const all = [...this.#bindings.values()].flat();
    if (all.length === 0) return;
    const nextMs = all.reduce((least, { expiresAtMs }) => Math.min(least, expiresAtMs), Infinity);
    const { clock } = this.#options;
    this.#expiry = clock.after(nextMs - clock.monotonicMs(), () => this.#expire());
  }

  #expire(): void {
    const nowMs = this.#options.clock.monotonicMs();
    const lost: [string, Binding][] = [];
    for (const [extension, all] of this.#bindings) {
      for (const binding of all) if (binding.expiresAtMs <= nowMs) lost.push([extension, binding]);
      this.#bindings.set(
        extension,
        all.filter(({ expiresAtMs }) => expiresAtMs > nowMs),
      );
    }
    this.#armExpiry();
    for (const [extension, binding] of lost) this.#options.onExpired?.(extension, binding);
    if (lost.length > 0) this.#options.onChanged?.();
  }

  #listed(binding: Binding): NameAddr {
    const leftMs = binding.expiresAtMs - this.#options.clock.monotonicMs();
    const params = withParam(binding.params, 'expires', String(Math.round(leftMs / 1_000)));
    return {
      displayName: '',
      uri: binding.contact,
      params: binding.q === 1 ? params : withParam(params, 'q', String(binding.q)),
    };
  }

  #respond(request: SipRequest, status: number, options: ResponseOptions = {}): SipResponse {
    return responseTo(request, status, { toTag: randomHex(this.#options.random, 8), ...options });
  }
}

function retryHeaders(verdict: DigestVerdict): readonly HeaderField[] {
  if (verdict.verdict !== 'refuse') return [];
  return [{ name: 'Retry-After', value: String(Math.ceil(verdict.waitMs / 1_000)) }];
}
