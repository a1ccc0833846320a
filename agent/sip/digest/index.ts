export { AUTH_GUARD_LIMITS, AuthGuard, type AuthGuardLimits } from './auth-guard.js';
export {
  createDigestAuthoriser,
  createDigestClient,
  type ChallengedRequest,
  type DigestAnswer,
  type DigestAuthoriser,
  type DigestClient,
} from './digest-client.js';
export {
  createDigestServer,
  type DigestCounts,
  type DigestServer,
  type DigestServerOptions,
  type DigestVerdict,
} from './digest-server.js';
