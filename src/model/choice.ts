/** White space, dashes and underscores between two words, or between a word and a number. Between digits they mean something. */
const SEPARATOR = /(?<=\p{L})[\s_-]+(?=[\p{L}\p{N}])|(?<=\p{N})[\s_-]+(?=\p{L})/gu;

/**
 * A state, or another value of a choice, in the form in which it is compared: partners write `inProgress`, `In Progress`,
 * `in-progress` and `IN_PROGRESS` for the same. Numbers keep their sign: `-4` is not `4`.
 */
export function choiceKey(value: string): string {
  return value.normalize('NFKC').trim().replace(SEPARATOR, '').toLowerCase();
}

/** Whether two values mean the same choice. */
export function sameChoice(a: string, b: string): boolean {
  return a === b || choiceKey(a) === choiceKey(b);
}
