import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A certificate authority created with openssl, and its certificates for 127.0.0.1. */
export class Certificates {
  readonly folder = mkdtempSync(join(tmpdir(), 'switchboard-tls-'));

  private constructor() {
    const subject = ['-days', '2', '-subj', '/CN=test authority'];
    this.openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'ca.key', '-out', 'ca.crt', ...subject);
    writeFileSync(this.path('ext'), 'subjectAltName=IP:127.0.0.1');
    for (const name of ['server', 'client']) this.issue(name);
  }

  /** Undefined, with a console message, if openssl is not installed. */
  static make(): Certificates | undefined {
    if (spawnSync('openssl', ['version']).status === 0) return new Certificates();
    console.log('      openssl is not installed: skipped');
    return undefined;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  pem(name: string): string {
    return readFileSync(this.path(name), 'utf8');
  }

  /** Options of a server that requires a client certificate. */
  mutualTls() {
    return {
      key: this.pem('server.key'),
      cert: this.pem('server.crt'),
      ca: this.pem('ca.crt'),
      requestCert: true,
      rejectUnauthorized: true,
    };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private issue(name: string): void {
    this.openssl('req', '-newkey', 'rsa:2048', '-nodes', '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    const authority = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'ext'];
    this.openssl('x509', '-req', '-in', `${name}.csr`, ...authority, '-out', `${name}.crt`);
  }

  private openssl(...args: string[]): void {
    const { status, stderr } = spawnSync('openssl', args, { cwd: this.folder, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  }
}
