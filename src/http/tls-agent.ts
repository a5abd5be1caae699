import type { ClientRequest } from 'node:http';
import { Agent } from 'node:https';
import type { Duplex } from 'node:stream';

/**
 * Knows of each connection whether its TLS handshake is over: before that nothing of a request is sent. The code of an error does not tell, since
 * most of them come later, too.
 */
export class TlsAgent extends Agent {
  private readonly handshaking = new WeakSet<Duplex>();

  override createConnection(...given: Parameters<Agent['createConnection']>): Duplex | null | undefined {
    const socket = super.createConnection(...given);
    if (!socket) return socket;
    this.handshaking.add(socket);
    return socket.once('secureConnect', () => this.handshaking.delete(socket));
  }

  /** Is it sure that nothing of this request was sent? */
  isUnsent({ socket }: Pick<ClientRequest, 'socket'>): boolean {
    return socket !== null && this.handshaking.has(socket);
  }
}
