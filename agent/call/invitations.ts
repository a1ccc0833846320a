import {
  formatCallerForDisplay,
  maskNumber,
  type Caller,
  type Language,
  type Line,
} from '../line/index.js';
import type { Binding, Credentials, NameAddr, Param, SipUri } from '../sip/index.js';
import type { Invitation } from './call-environment.js';

/** A phone of the shop as it is configured. */
export interface Phone {
  readonly extension: string;
  readonly name: string;
}

/** What our INVITEs say of ourselves. */
export interface BoxIdentity {
  /** The address and port that we advertise. */
  readonly host: string;
  readonly port: number;
  readonly language: Language;
}

export const sipUri = (
  user: string,
  host: string,
  port: number | null,
  params: readonly Param[] = [],
): SipUri => ({
  scheme: 'sip',
  user,
  password: null,
  host,
  port,
  params,
  headers: '',
  opaque: '',
});

const address = (displayName: string, uri: SipUri): NameAddr => ({ displayName, uri, params: [] });

/**
 * Who calls, as a phone's display can show it: a number, or the reason that there is none (TTC JJ-90.22); for a phone of the
 * shop its name.
 */
export function callerAddress(
  { caller, direction }: { readonly caller: Caller; readonly direction: string },
  box: BoxIdentity,
): NameAddr {
  const user = caller.kind === 'number' ? caller.number : 'anonymous';
  if (direction === 'internal' && caller.kind === 'number') {
    return address(caller.displayName, sipUri(user, box.host, null));
  }
  return address(formatCallerForDisplay(caller, box.language), sipUri(user, box.host, null));
}

/** An INVITE to each contact of a phone; the Contact is used as the phone wrote it. */
export function invitePhone(
  extension: string,
  bindings: readonly Binding[],
  from: NameAddr,
  box: BoxIdentity,
): readonly Invitation[] {
  return bindings.map((binding) => ({
    who: extension,
    invite: {
      requestUri: binding.contact,
      from,
      to: address('', sipUri(extension, box.host, null)),
      contact: sipUri('tatebako', box.host, box.port),
      target: binding.target,
      route: [],
      headers: [],
      credentials: null,
    },
  }));
}

/** An INVITE to the line. */
export function inviteLine(
  digits: string,
  line: Line,
  credentials: Credentials | null,
  box: BoxIdentity,
): Invitation {
  const gatewayPort = line.gatewayPort === 5060 ? null : line.gatewayPort;
  const proxy = sipUri('', line.gatewayAddress, gatewayPort, [{ name: 'lr', value: null }]);
  return {
    who: 'line',
    invite: {
      requestUri: sipUri(digits, line.gatewayAddress, gatewayPort),
      from: address('', sipUri(line.user, line.gatewayAddress, null)),
      to: address('', sipUri(digits, line.gatewayAddress, null)),
      contact: sipUri(line.user, box.host, box.port),
      target: { transport: 'UDP', address: line.gatewayAddress, port: line.gatewayPort },
      route: line.profile.usesOutboundProxy ? [address('', proxy)] : [],
      headers: [],
      credentials,
    },
  };
}

/** @returns the caller as logs may show them: the number masked */
export function callerForLog(caller: Caller): string {
  return caller.kind === 'number' ? maskNumber(caller.number) : caller.kind;
}
