import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A way to a server that holds connections until it is opened: later ones pass, and those that it holds only if they are let in. */
export interface Gate {
  url: string;
  held: Socket[];
  open(): void;
  /** Opens for those that it holds, too. */
  letIn(): void;
  close(): void;
}

export async function gateTo(url: string): Promise<Gate> {
  const { protocol, hostname, port } = new URL(url);
  const held: Socket[] = [];
  const sockets: Socket[] = [];
  let open = false;
  const pass = (socket: Socket) => {
    const onward = connect(Number(port), hostname);
    sockets.push(onward);
    onward.on('error', () => socket.destroy());
    socket.pipe(onward).pipe(socket);
  };
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    if (open) pass(socket);
    else held.push(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `${protocol}//127.0.0.1:${(server.address() as AddressInfo).port}`,
    held,
    open: () => {
      open = true;
    },
    letIn: () => {
      open = true;
      for (const socket of held.splice(0)) pass(socket);
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
