import type { FileHandle } from 'node:fs/promises';
import { type Disk, nodeDisk } from '../../src/store/disk.js';

export type Fault = 'open' | 'write' | 'datasync' | 'sync' | 'rename' | 'syncFolder';

/** A real disk that fails on demand, below all calls of the store. */
export class FaultyDisk implements Disk {
  /** The calls that currently fail. */
  readonly broken = new Set<Fault>();
  /** The write that contains this text fails, and so do all later ones. */
  breaksAt: string | undefined;
  /** Called at the moment of a failure, before the store knows of it. */
  onFault: (() => void) | undefined;

  async open(path: string, flags: string | number, mode?: number): Promise<FileHandle> {
    this.check('open');
    const file = await nodeDisk.open(path, flags, mode);
    return new Proxy(file, {
      get: (target, name) => {
        const value = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          if (name === 'write') return this.write(target, args as [Buffer, number, number, number]);
          if (name === 'datasync' || name === 'sync') this.check(name);
          return value.apply(target, args);
        };
      },
    });
  }

  async rename(from: string, to: string): Promise<void> {
    this.check('rename');
    await nodeDisk.rename(from, to);
  }

  async syncFolder(path: string): Promise<void> {
    this.check('syncFolder');
    await nodeDisk.syncFolder(path);
  }

  /** A full disk writes a part, then fails. */
  private async write(file: FileHandle, [buffer, offset, length, position]: [Buffer, number, number, number]) {
    if (this.breaksAt && buffer.includes(this.breaksAt)) this.broken.add('write');
    if (!this.broken.has('write')) return file.write(buffer, offset, length, position);
    await file.write(buffer, offset, Math.floor(length / 2), position);
    throw failure('write');
  }

  private check(fault: Fault): void {
    if (!this.broken.has(fault)) return;
    this.onFault?.();
    throw failure(fault);
  }
}

function failure(fault: Fault): Error {
  return Object.assign(new Error(`ENOSPC: no space left on device, ${fault}`), { code: 'ENOSPC' });
}
