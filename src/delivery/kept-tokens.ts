import type { TokenKeeper } from '../http/http.js';
import { seal, unseal } from '../sealing.js';
import type { Store } from '../store/store.js';

/** Keeps refresh tokens in the store's settings, encrypted: in its files, copies and views they cannot be read. */
export class KeptTokens implements TokenKeeper {
  /** `secret`: with which they are encrypted; `warn`: writes a line to the log. */
  constructor(
    private readonly store: () => Promise<Pick<Store, 'setting' | 'commit'>>,
    private readonly secret: () => string,
    private readonly warn: (text: string) => void,
  ) {}

  async read(name: string): Promise<string | undefined> {
    const key = keyOf(name);
    const kept = await (await this.store()).setting(key);
    if (typeof kept !== 'string') return undefined;
    const token = unseal(kept, this.secret(), key);
    if (token === undefined) {
      this.warn(
        'A refresh token that a partner has issued cannot be decrypted: the credential secret of Node-RED has changed since. ' +
          'The one in the settings is used. If the partner rejects it, enter a new one.',
      );
    }
    return token;
  }

  async write(name: string, token: string): Promise<void> {
    const key = keyOf(name);
    await (await this.store()).commit([{ kind: 'setting', key, value: seal(token, this.secret(), key) }]);
  }
}

function keyOf(name: string): string {
  return `refreshToken/${name}`;
}
