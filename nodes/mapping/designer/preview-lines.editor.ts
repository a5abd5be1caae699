import type { Mark, Preview, PreviewProblem, RuleRef } from '../../../src/mapping/preview-result.js';
import type { Json } from '../../../src/model/message.js';
import { element } from '../../kit/editor/element.js';
import { markAsRule } from './rule-color.editor.js';

/** Longer text is cut, because a preview is only for looking. */
const MAX_LENGTH = 300;

/** A result as indented lines, each in the colour of the rule that made it, with its problems below. */
export function previewLines({ result, marks, problems }: Preview, open: (rule: RuleRef) => void, t: Translate): HTMLElement[] {
  const places = new Set<string>();
  const lines = Object.entries(result).flatMap(([name, value]) => lineOf(name, value, name, 0));
  const elsewhere = problems.filter(({ at }) => at === undefined || !places.has(at));
  return [...elsewhere.map((problem) => problemLine(problem, 0)), ...lines];

  function lineOf(name: string, value: Json, at: string, depth: number): HTMLElement[] {
    places.add(at);
    const inner = typeof value === 'object' && value !== null ? Object.entries(value) : undefined;
    const mark = marks[at];
    const text = inner?.length ? '' : cut(typeof value === 'string' ? value : JSON.stringify(value));
    const line = element(
      'div',
      {
        class: `switchboard-preview-line${typeof value === 'string' ? ' switchboard-preview-text' : ''}`,
        style: `--depth: ${depth}`,
        title: mark && origin(mark),
        ...(mark && { role: 'button', tabindex: '0' }),
      },
      element('span', { class: 'switchboard-preview-name' }, Array.isArray(value) ? `${name} [${value.length}]` : name),
      element('span', { class: 'switchboard-preview-value' }, text),
      mark && element('span', { class: 'switchboard-rule-number' }, String(mark.rule + 1)),
    );
    if (mark) {
      markAsRule(line, [mark]);
      press(line, () => open(mark));
    }
    const own = problems.filter((problem) => problem.at === at).map((problem) => problemLine(problem, depth));
    return [line, ...own, ...(inner ?? []).flatMap(([key, one]) => lineOf(key, one as Json, `${at}/${key}`, depth + 1))];
  }

  function problemLine(problem: PreviewProblem, depth: number): HTMLElement {
    const { rule } = problem;
    const line = element(
      'div',
      {
        class: `switchboard-preview-problem switchboard-${problem.level}`,
        style: `--depth: ${depth}`,
        ...(rule && { role: 'button', tabindex: '0' }),
      },
      element('i', {
        class: `fa ${problem.level === 'error' ? 'fa-exclamation-circle' : 'fa-exclamation-triangle'}`,
        'aria-label': t(`preview.${problem.level}`),
      }),
      element('span', {}, problem.text),
    );
    if (rule) {
      markAsRule(line, [rule]);
      press(line, () => open(rule));
    }
    return line;
  }

  function origin({ rule, source, kind, row }: Mark): string {
    const from = source.length ? t(`preview.made.${kind}`, { source: source.join(', ') }) : t('preview.made.constant');
    const through = row === undefined ? '' : ` ${t('preview.row', { row: row + 1 })}`;
    return `${t('rule.title')} ${rule + 1}: ${from}${through}`;
  }
}

function press(target: HTMLElement, act: () => void): void {
  target.addEventListener('click', act);
  target.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    act();
  });
}

function cut(text: string): string {
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
}
