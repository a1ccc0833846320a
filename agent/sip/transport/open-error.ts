import { messageOf, UnavailableError } from '../../../base/index.js';

/** @returns what a failed bind means for whoever opens the port; `code` is the system's, such as EADDRINUSE */
export function openError(
  transport: 'UDP' | 'TCP',
  local: { readonly address: string; readonly port: number },
  cause: Error,
): UnavailableError {
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : 'unknown';
  return new UnavailableError(
    code === 'EADDRINUSE' ? 'sipPortInUse' : 'sipPortUnavailable',
    `${transport} ${local.address} port ${local.port}: ${messageOf(cause)}`,
    { cause, fields: { transport, address: local.address, port: local.port, systemCode: code } },
  );
}
