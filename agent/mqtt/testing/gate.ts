import { connect, createServer, type Server, type Socket } from 'node:net';

/** A way to a broker that a test opens and shuts: shut, whoever comes is cut off at once. */
export class Gate {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isOpen = true;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(brokerPort: number): Promise<Gate> {
    const server = createServer();
    const gate = new Gate(server);
    server.on('connection', (near) => {
      if (!gate.#isOpen) {
        near.destroy();
        return;
      }
      const far = connect(brokerPort, '127.0.0.1');
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ] as const) {
        gate.#sockets.add(socket);
        socket.pipe(other);
        socket.on('error', () => other.destroy());
        socket.on('close', () => {
          gate.#sockets.delete(socket);
          other.destroy();
        });
      }
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        resolve();
      });
    });
    return gate;
  }

  get url(): string {
    const address = this.#server.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    return `mqtt://127.0.0.1:${port}`;
  }

  letIn(): void {
    this.#isOpen = true;
  }

  shut(): void {
    this.#isOpen = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.shut();
    this.#server.close();
  }
}
