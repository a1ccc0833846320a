import { isIP } from 'node:net';
import { z } from 'zod';
import { PROFILES, type LineProfile } from './profiles.js';

/** The `[line]` table. */
export const lineConfig = z.strictObject({
  /** The kind of gateway: NTT home gateway, Grandstream HT813, or anything else. */
  profile: z.enum(['hgw', 'ht813', 'generic']).default('hgw'),
  /** Where the gateway is; what comes from there is the line. */
  gatewayAddress: z.string().refine((text) => isIP(text) !== 0, 'must be an IP address'),
  /** 5060, for the HT813 5062 (its FXO port), unless told. */
  gatewayPort: z.int().min(1).max(65_535).optional(),
  /** Whether the box registers at the gateway: the home gateway wants it, the others send calls without. */
  register: z.boolean().optional(),
  /** Our extension at the gateway, the user of our address of record. */
  user: z
    .string()
    .regex(/^[\w.+-]{1,64}$/, 'must be 1 to 64 of A-Z a-z 0-9 _ . + -')
    .default('tatebako'),
  /** The digest user; for the home gateway the extension in four digits (`0003`) unless told. */
  authUser: z.string().min(1).max(64).optional(),
  /** A file of mode 0600 with the digest password. */
  passwordFile: z.string().min(1).optional(),
  /** Calls at once on the line. */
  callsMax: z.int().min(1).max(8).default(2),
  /** What a phone dials for an outside line, where the shop is used to it; it is cut off. */
  outsidePrefix: z
    .string()
    .regex(/^\d{1,3}$/, 'must be 1 to 3 digits')
    .optional(),
});

export type LineConfig = z.infer<typeof lineConfig>;

/** The configured line with the profile's defaults filled in. */
export interface Line {
  readonly profile: LineProfile;
  readonly gatewayAddress: string;
  readonly gatewayPort: number;
  readonly register: boolean;
  readonly user: string;
  readonly authUser: string;
  readonly passwordFile: string | null;
  readonly callsMax: number;
  readonly outsidePrefix: string | null;
}

export function resolveLine(config: LineConfig): Line {
  const profile = PROFILES[config.profile];
  const isExtension = profile.authUserForm === 'fourDigits' && /^\d{1,4}$/.test(config.user);
  return {
    profile,
    gatewayAddress: config.gatewayAddress,
    gatewayPort: config.gatewayPort ?? profile.defaultGatewayPort,
    register: config.register ?? profile.registersByDefault,
    user: config.user,
    authUser: config.authUser ?? (isExtension ? config.user.padStart(4, '0') : config.user),
    passwordFile: config.passwordFile ?? null,
    callsMax: config.callsMax,
    outsidePrefix: config.outsidePrefix ?? null,
  };
}
