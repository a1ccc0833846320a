/** Addresses of the measured shop. All of 127.0.0.0/8 is loopback on Linux: box, gateway and phones keep port 5060. */
export const SIP_PORT = 5_060;
export const BOX_ADDRESS = '127.92.0.1';
export const GATEWAY_ADDRESS = '127.92.0.2';
export const phoneAddress = (index: number): string => `127.92.1.${index + 1}`;
export const extensionOf = (index: number): string => String(201 + index);
export const passwordOf = (extension: string): string => `bench-${extension}-pass`;
export const BROKER_URL = `mqtt://${BOX_ADDRESS}:1883`;
export const BOX_ID = 'bench';
/** The extension of the box at the gateway. */
export const LINE_USER = '3';
export const RTP_PORTS = { first: 16_384, last: 16_783 } as const;
/** Gateway and phones. */
export const PEER_RTP_PORTS = { first: 18_000, last: 18_999 } as const;
