/* Expressions by which a user could bring people's data into a form that masking the answer does not find. */

/** Everything of the record or message as one text. */
const ALL = '$string($)';
const CHARACTERS = Array.from({ length: 95 }, (_, at) => String.fromCharCode(32 + at)).join('');

export interface Transform {
  expression: string;
  /** How the expression writes a word of people's data, in any case. */
  writes(word: string): string[];
}

export const TRANSFORMS: Record<string, Transform> = {
  plain: { expression: ALL, writes: (word) => [word] },
  'upper case': { expression: `$uppercase(${ALL})`, writes: (word) => [word] },
  'lower case': { expression: `$lowercase(${ALL})`, writes: (word) => [word] },
  base64: {
    expression: `$base64encode(${ALL})`,
    // Where in the text it begins decides how it is written; the letters at both ends also depend on what is around it.
    writes: (word) =>
      [0, 1, 2].map((before) =>
        Buffer.from(`${' '.repeat(before)}${word}`)
          .toString('base64')
          .slice(4, 8),
      ),
  },
  spaced: { expression: `$join($split(${ALL}, ""), " ")`, writes: (word) => [[...word].join(' ')] },
  reversed: { expression: `$join($reverse($split(${ALL}, "")))`, writes: (word) => [[...word].reverse().join('')] },
  hexadecimal: {
    expression: `($all := ${JSON.stringify(CHARACTERS)}; $join($map($split(${ALL}, ""), function($c) { $formatBase($length($substringBefore($all, $c)) + 32, 16) })))`,
    writes: (word) => [Buffer.from(word).toString('hex')],
  },
  'encoded for URLs': { expression: `$encodeUrlComponent(${ALL})`, writes: (word) => [encodeURIComponent(word)] },
  'letter by letter': {
    expression: `($all := ${ALL}; $join([0..1000].$substring($all, $, 1), "|"))`,
    writes: (word) => [[...word].join('|')],
  },
  'names of properties': { expression: '{$string($): 1}', writes: (word) => [word] },
  'an error': { expression: `$error(${ALL})`, writes: (word) => [word] },
  'an error that quotes a value': { expression: `$number(${ALL})`, writes: (word) => [word] },
};

/** The words of which a text shows one as an expression writes it. */
export function shownBy({ writes }: Transform, text: string, words: readonly string[]): string[] {
  const lower = text.toLowerCase();
  return words.filter((word) =>
    [word, word.toLowerCase(), word.toUpperCase()].some((one) => writes(one).some((form) => lower.includes(form.toLowerCase()))),
  );
}
