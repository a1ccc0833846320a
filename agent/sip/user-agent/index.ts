/** The SIP user agent: sessions in and out, screening, and what is asked outside any dialog. */
export { createUserAgent } from './user-agent.js';
export type {
  IncomingSession,
  UserAgent,
  UserAgentCounts,
  UserAgentEvents,
  UserAgentOptions,
} from './user-agent-options.js';
