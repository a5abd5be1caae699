import type { ClientRequest } from 'node:http';
import { Agent } from 'node:https';
import type { Duplex } from 'node:stream';

/**
 * Tracks whether the TLS handshake of each connection is complete: before that nothing of a request is sent. Error codes do not
 * show this, since most of them occur later too.
 */
export class TlsAgent extends Agent {
  private readonly handshaking = new WeakSet<Duplex>();

  override createConnection(...args: Parameters<Agent['createConnection']>): Duplex | null | undefined {
    const socket = super.createConnection(...args);
    if (!socket) return socket;
    this.handshaking.add(socket);
    return socket.once('secureConnect', () => this.handshaking.delete(socket));
  }

  /** Whether it is certain that nothing of this request was sent. */
  isUnsent({ socket }: Pick<ClientRequest, 'socket'>): boolean {
    return socket !== null && this.handshaking.has(socket);
  }
}
