import { cp, readFile, rm } from 'node:fs/promises';

/**
 * A copy of the folder of an open store as a crash would leave it: nothing is written to shards, as a close does, and nothing says
 * where the journal ends. It is repeated if the store was tidying up meanwhile, because a crash leaves one moment.
 */
export async function crashCopy(folder: string, to: string): Promise<void> {
  const state = async () =>
    [await readFile(`${folder}/manifest.json`, 'utf8'), await readFile(`${folder}/segments.json`, 'utf8')].join();
  for (;;) {
    await rm(to, { recursive: true, force: true });
    const before = await state();
    const copied = await cp(folder, to, { recursive: true }).then(
      () => true,
      (error) => {
        if (error.code !== 'ENOENT') throw error;
        return false;
      },
    );
    if (copied && before === (await state())) break;
  }
  await rm(`${to}/lock`, { force: true });
}
