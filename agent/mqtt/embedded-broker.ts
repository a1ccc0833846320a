import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import { Aedes, type Client } from 'aedes';
import { messageOf, UnavailableError, type Log } from '../../base/index.js';

/** The most connections at once. */
export const CONNECTIONS_MAX = 64;
/** The largest payload that anyone may publish, bytes. */
export const PAYLOAD_MAX_BYTES = 65_536;
/** The longest client identifier, characters. */
const CLIENT_ID_MAX = 128;

export interface Login {
  readonly username: string;
  readonly password: string;
}

export interface EmbeddedBrokerOptions {
  readonly host: string;
  readonly port: number;
  /** The box's own login, made anew at each start: it alone may publish under `ownTopic`. */
  readonly box: Login & { readonly clientId: string };
  /** `tatebako/<box.id>`. Others may publish below it only what `isCommand` allows. */
  readonly ownTopic: string;
  readonly isCommand: (topic: string) => boolean;
  /** Who else may come in; absent: anyone who reaches the address, which then is loopback. */
  readonly user?: Login;
  readonly log: Log;
}

/** An MQTT 3.1.1 broker inside the box, for lamps and integrations of a shop without one. */
export class EmbeddedBroker {
  readonly #server: Server;
  readonly #aedes: Aedes;

  private constructor(server: Server, aedes: Aedes) {
    this.#server = server;
    this.#aedes = aedes;
  }

  /**
   * @throws {UnavailableError} `port-taken` when another program has the port, `mqtt-listen` when the
   *   address cannot be used; `fields` name the port and the setting
   */
  static async open(options: EmbeddedBrokerOptions): Promise<EmbeddedBroker> {
    const aedes = await openAedes(options);
    const server = createServer((socket) => {
      aedes.handle(socket);
    });
    server.maxConnections = CONNECTIONS_MAX;
    try {
      await listen(server, options);
    } catch (cause) {
      await closeAedes(aedes);
      throw listenError(options, cause);
    }
    server.on('error', (cause) => {
      options.log.error('brokerSocket', { cause: messageOf(cause) });
    });
    return new EmbeddedBroker(server, aedes);
  }

  /** The port it listens on. */
  get port(): number {
    const address = this.#server.address();
    return address !== null && typeof address === 'object' ? address.port : 0;
  }

  get connectionCount(): number {
    return this.#aedes.connectedClients;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
    await closeAedes(this.#aedes);
    await closed;
  }
}

async function openAedes(options: EmbeddedBrokerOptions): Promise<Aedes> {
  const own = new WeakSet<Client>();
  const aedes = await Aedes.createBroker({
    maxClientsIdLength: CLIENT_ID_MAX,
    authenticate: (client, username, password, done) => {
      const given = { username: username ?? '', password: password?.toString() ?? '' };
      const isBox = client.id === options.box.clientId;
      const wanted = isBox ? options.box : options.user;
      if (wanted !== undefined && !isSame(given, wanted)) {
        // CONNACK 5, "not authorized" (MQTT 3.1.1 §3.2.2.3).
        done(null, false);
        return;
      }
      if (isBox) own.add(client);
      done(null, true);
    },
    authorizePublish: (client, packet, callback) => {
      const isReserved =
        packet.topic.startsWith('$') ||
        (packet.topic.startsWith(`${options.ownTopic}/`) && !options.isCommand(packet.topic));
      const isOwn = client === null || own.has(client);
      const isHuge = packet.payload.length > PAYLOAD_MAX_BYTES;
      if (isHuge) callback(new Error('payload too large'));
      else if (isReserved && !isOwn) callback(new Error('topic is reserved for the box'));
      else callback(null);
    },
  });
  const refused = (event: string) => (client: Client, cause: Error) => {
    options.log.debug(event, { clientId: client.id, cause: cause.message });
  };
  aedes.on('clientError', refused('brokerClientError'));
  aedes.on('connectionError', refused('brokerConnectionError'));
  return aedes;
}

/** In the same time, wherever they differ. */
function isSame(given: Login, wanted: Login): boolean {
  const digest = ({ username, password }: Login): Buffer =>
    createHash('sha256')
      .update(JSON.stringify([username, password]))
      .digest();
  return timingSafeEqual(digest(given), digest(wanted));
}

const listen = (server: Server, { host, port }: EmbeddedBrokerOptions): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });

function listenError({ host, port }: EmbeddedBrokerOptions, cause: unknown): UnavailableError {
  const isTaken = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE';
  const fields = { host, port, setting: isTaken ? 'mqtt.port' : 'mqtt.host' };
  return isTaken
    ? new UnavailableError('port-taken', `TCP port ${port} is taken; set mqtt.port to another`, {
        cause,
        fields,
      })
    : new UnavailableError('mqtt-listen', `cannot listen on ${host}:${port}: ${messageOf(cause)}`, {
        cause,
        fields,
      });
}

const closeAedes = (aedes: Aedes): Promise<void> =>
  new Promise((resolve) => {
    aedes.close(() => {
      resolve();
    });
  });
