// The table of limits: which named maxima people should know, by room. Value and meaning come from the source itself.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { constantOf } from './source-notes.mjs';

/** Room → file → constants, each with its meaning where no comment says it. */
const LIMITS = {
  'SIP, from the wire': {
    'agent/sip/message/parse-sip-message.ts': ['MESSAGE_BYTES_MAX'],
    'agent/sip/message/header-lines.ts': ['HEADER_LINES_MAX'],
    'agent/sip/offer-answer/read-sdp.ts': ['SDP_SIZE_MAX_BYTES'],
    'agent/sip/transport/tcp-connections.ts': [
      'TCP_CONNECTIONS_MAX',
      'TCP_CONNECTIONS_PER_PEER_MAX',
      'UNSENT_BYTES_MAX',
      'TCP_IDLE_MAX_MS',
    ],
    'agent/sip/transport/open-transport.ts': ['UDP_REQUEST_BYTES_MAX'],
    'agent/sip/transport/stateless-answer.ts': ['PER_SOURCE_MAX', 'IN_ALL_MAX'],
    'agent/sip/digest/nonce-ledger.ts': ['NONCES_MAX'],
    'agent/sip/user-agent/user-agent.ts': ['SESSIONS_MAX'],
    'agent/sip/dialog/uac-opening.ts': ['FORKS_MAX'],
    'agent/sip/dialog/event-outbox.ts': ['EVENTS_KEPT_MAX'],
  },
  'Calls and media': {
    'agent/call/exchange.ts': [
      'CALLS_MAX',
      'WAITING_MAX',
      'OUTGOING_RING_MAX_MS',
      'EMERGENCY_RING_MAX_MS',
    ],
    'agent/call/live-call.ts': ['QUEUE_MAX'],
    'agent/call/call-opening.ts': ['ANNOUNCEMENT_MAX_MS'],
    'agent/call/call-steps.ts': ['APOLOGY_MAX_MS'],
    'agent/wiring/agent.ts': ['LEGS_MAX'],
    'agent/call/bridge/prompt-shelf.ts': ['PROMPTS_MAX'],
    'agent/call/bridge/mix-audio.ts': ['VOICES_MAX'],
    'agent/media/rtp/packet-batch.ts': ['SIZE_BYTES_MAX'],
    'agent/media/rtp/paced-sender.ts': ['CATCH_UP_FRAMES_MAX'],
    'agent/media/rtp/telephone-event-sender.ts': ['DIGITS_WAITING_MAX'],
    'agent/media/rtp/rtcp.ts': ['RTCP_PACKETS_MAX'],
    'agent/media/jitter/jitter-buffer.ts': [
      ['SLOTS_MAX', 'Packets that wait in the buffer.'],
      ['TARGET_MAX_MS', 'The delay that the buffer grows to; later packets are late, and counted.'],
    ],
  },
  Memory: {
    'agent/recorder/recorder-limits.ts': [
      'RECORDER_LIMITS.flushEveryMs',
      'RECORDER_LIMITS.heldMsMax',
      'RECORDER_LIMITS.heldBytesMax',
      ['RECORDER_LIMITS.segmentMsMax', 'Of one segment file; then the next begins.'],
      ['RECORDER_LIMITS.segmentBytesMax', 'The same, by size.'],
      'RECORDER_LIMITS.endPatienceMs',
      'RECORDER_LIMITS.recordingsMax',
      'RECORDER_LIMITS.tracksMax',
    ],
    'agent/store/store.ts': ['WRITES_WAITING_MAX'],
    'agent/wiring/memory.ts': ['LIVE_MAX'],
  },
  Judgement: {
    'agent/detector/keyword/phrase.ts': ['PHRASES_MAX', 'MORAE_MIN', 'MORAE_MAX'],
    'agent/detector/listening/listening-room.ts': ['LEGS_MAX'],
    'agent/detector/listening/leg-listener.ts': ['WINDOWS_LATE_MAX'],
    'agent/detector/client/leg-mailbox.ts': ['WAITING_MAX'],
    'agent/detector/client/detector-client.ts': ['SILENT_MAX_MS', 'STARTING_MAX_MS'],
    'agent/detector/pipe/wire.ts': ['BODY_BYTES_MAX'],
    'agent/policy/policy.ts': ['RUNGS_MAX'],
    'agent/policy/decide.ts': ['REMEMBERED_MAX'],
    'agent/alert/alert-service.ts': ['OPEN_ALERTS_MAX', 'FAULTS_MAX'],
    'agent/alert/alert-machine.ts': ['HITS_MAX'],
    'agent/alert/alert-log.ts': ['STORE_WAIT_MAX_MS', 'UNSAVED_MAX', 'CLEARED_MAX'],
    'agent/alert/outbox.ts': [
      'CALL_EVENTS_MAX',
      'ALERT_EVENTS_MAX',
      'DELIVERY_MAX_MS',
      ['RETRY_MAX_MS', 'Between attempts at one sink.'],
    ],
    'agent/alert/sinks.ts': ['SINKS_MAX'],
  },
  'The outside': {
    'agent/mqtt/embedded-broker.ts': ['CONNECTIONS_MAX', 'PAYLOAD_MAX_BYTES'],
    'agent/mqtt/mqtt-client.ts': [
      'UNANSWERED_MAX',
      ['RECONNECT_MAX_MS', 'Between attempts to reach the broker.'],
    ],
    'agent/mqtt/commands.ts': ['REQUEST_MAX_BYTES', 'COMMAND_AGE_MAX_MS', 'ANSWERS_MAX'],
    'agent/control/watch-queue.ts': ['WATCH_QUEUE_MAX'],
    'agent/control/streams.ts': ['WATCHERS_MAX'],
    'agent/control/box-server.ts': [
      ['CALLS_LISTED_MAX', 'Calls in one answer.'],
      'PANIC_REPEAT_MS',
    ],
    'agent/control/tokens.ts': ['TOKENS_MAX'],
    'agent/device/device-sink.ts': ['LEASE_MS', 'RPC_DEADLINE_MS'],
    'firmware/devices/box-front.ts': ['PRESSES_KEPT_MAX', 'PRESS_KEPT_MS'],
    'firmware/devices/relay-lease-machine.ts': ['AGENT_START_MAX_MS', ['LEASE_MAX_MS', 'A lease.']],
    'firmware/server/hardware-server.ts': ['KEY_WATCHERS_MAX'],
    'agent/wiring/feed.ts': ['LISTENERS_MAX'],
  },
};

function quantity(name, number) {
  const count = (n) => n.toLocaleString('en-US', { maximumFractionDigits: 1 });
  if (/Bytes|BYTES/.test(name)) {
    if (number % 1_048_576 === 0) return `${count(number / 1_048_576)} MiB`;
    return number % 1_024 === 0 ? `${count(number / 1_024)} KiB` : `${count(number)} bytes`;
  }
  if (/_MS$|Ms$|MsMax$|_MS_MAX$/.test(name))
    return number >= 1_000 ? `${count(number / 1_000)} s` : `${count(number)} ms`;
  return count(number);
}

/** @returns the file of a constant, which may have moved within its folder */
function homeOf(root, file, name) {
  const [owner] = name.split('.');
  const defines = (path) => new RegExp(`\\bconst ${owner}\\b`).test(readFileSync(path, 'utf8'));
  const path = join(root, file);
  if (existsSync(path) && defines(path)) return file;
  const folder = dirname(path);
  const moved = (existsSync(folder) ? readdirSync(folder) : []).find(
    (one) => /(?<!\.test)\.ts$/.test(one) && defines(join(folder, one)),
  );
  if (moved === undefined)
    throw new Error(`${file}: no ${owner} any more; scripts/docs/limits.mjs names it`);
  return relative(root, join(folder, moved));
}

/** @returns the tables of limits, one for each room */
export function limitTables(root) {
  const tables = Object.entries(LIMITS).map(([room, byFile]) => {
    const rows = Object.entries(byFile).flatMap(([file, names]) =>
      names.map((entry) => {
        const [name, said] = [entry].flat();
        const home = homeOf(root, file, name);
        const { number, comment: ownComment } = constantOf(join(root, home), name);
        const comment = said ?? ownComment;
        if (Number.isNaN(number) || comment === '')
          throw new Error(`${home}: ${name} says nothing`);
        const short = name.replace('RECORDER_LIMITS.', '');
        const meaning = comment.replace(/, (ms|bytes|s)(?=[.;:]|$)/g, '').replaceAll('|', '\\|');
        return `| ${quantity(name, number)} | ${meaning} | \`${short}\` in [${home}](../${home}) |\n`;
      }),
    );
    return `**${room}**\n\n| at most | what, and what happens beyond | where |\n| --- | --- | --- |\n${rows.join('')}`;
  });
  return tables.join('\n');
}
