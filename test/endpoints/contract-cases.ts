import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ContractCase } from './contract-case.js';

const ENDPOINTS = 'src/endpoints';

/** The cases of every system, by its id; a system without cases fails test/endpoints/contract.test.ts. */
export const CASES_OF: ReadonlyMap<string, ContractCase[]> = new Map(
  readdirSync(ENDPOINTS)
    .map((name) => [name, join(ENDPOINTS, name, 'contract.ts')] as const)
    .filter(([, file]) => existsSync(file))
    .map(([name, file]) => [name, (require(resolve(file)) as { CASES?: ContractCase[] }).CASES ?? []] as const)
    .filter(([, cases]) => cases.length > 0),
);

export const CASES: readonly ContractCase[] = [...CASES_OF.values()].flat();
