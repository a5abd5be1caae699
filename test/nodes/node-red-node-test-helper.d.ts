declare module 'node-red-node-test-helper' {
  import type { Node } from 'node-red';

  /** The parts used by the tests. */
  interface Helper {
    init(runtimePath: string): void;
    startServer(done: () => void): void;
    stopServer(done: () => void): void;
    load(nodes: unknown[], flow: object[], credentials: object, done: () => void): void;
    unload(): Promise<void>;
    /** The log entries. */
    log(): { args: [{ msg: unknown }][] };
    getNode(id: string): Node | null;
    request(): { get(path: string): { expect(status: number): Promise<{ body: unknown }> } };
  }
  const helper: Helper;
  export default helper;
}
