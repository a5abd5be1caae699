import type { Direction } from '../../../src/mapping/mapping.js';
import type { Preview } from '../../../src/mapping/preview-result.js';
import { element } from '../../kit/editor/element.js';
import type { SampleHeading } from './answers.js';
import type { Sample } from './api.editor.js';
import { iconButton, segments } from './inputs.editor.js';
import { previewLines } from './preview-lines.editor.js';
import { tokenOf } from './rule-color.editor.js';
import type { Session } from './session.editor.js';

export interface PreviewPane {
  /** Status, direction and sample. */
  head: HTMLElement[];
  element: HTMLElement;
  /** Switches to a direction. */
  switchTo(direction: Direction): void;
  /** Chooses a sample again. */
  reload(): void;
  close(): void;
}

/** Milliseconds without a key press before the runtime is called. */
const PAUSE = 200;
const EXAMPLE = 'example';
const PASTED = 'pasted';

/**
 * The result of the rules for a sample, computed by the runtime while the user types. `done` gets each result with its sample.
 */
export function previewPane(
  session: Session,
  done: (preview: Preview | undefined, sample: Sample, direction: Direction) => void,
): PreviewPane {
  const { t, api } = session;
  let direction: Direction = 'in';
  let sample: Sample | undefined;
  let headings: SampleHeading[] = [];
  let editor: CodeEditor | undefined;
  let setting = false;
  let timer: number | undefined;
  /** Answers may arrive out of order, so only the newest request counts, for samples and for previews. */
  let wanted = 0;
  let asked = 0;

  const ways = segments<Direction>(
    [
      { value: 'in', text: t('way.in'), title: t('preview.in') },
      { value: 'out', text: t('way.out'), title: t('preview.out') },
    ],
    t('preview.way'),
    (way) => switchTo(way),
  );
  const choice = element('select', { class: 'switchboard-sample-choice', 'aria-label': t('preview.sample') });
  const edit = iconButton('fa-pencil', t('preview.edit'), () => toggleEditor());
  const text = element('div', { class: 'switchboard-sample-text', hidden: true });
  const status = element('div', { class: 'switchboard-preview-status', role: 'status' });
  const lines = element('div', { class: 'switchboard-preview-lines' });
  const head = [status, element('div', { class: 'switchboard-sample' }, ways.element, choice, edit)];
  const box = element('section', { class: 'switchboard-preview', 'aria-label': t('preview.title') }, text, status, lines);
  choice.addEventListener('change', () => {
    if (choice.value === PASTED) toggleEditor(true);
    else load(choice.value);
  });
  session.on((reason) => {
    if (reason === 'selection') markSelected();
    else later();
  });
  ways.choose(direction);

  function switchTo(way: Direction): void {
    direction = way;
    ways.choose(way);
    sample = undefined;
    const request = ++wanted;
    api.samples(session.mapping, way).then(
      (found) => {
        if (request !== wanted) return;
        headings = found;
        const first = found[0]?.id ?? EXAMPLE;
        fill(first);
        load(first);
      },
      (error: Error) => request === wanted && fail(error),
    );
  }

  function fill(value: string): void {
    const option = (one: string, label: string) => element('option', { value: one }, label);
    choice.replaceChildren(
      option(EXAMPLE, t('preview.example')),
      ...(headings.length
        ? [element('optgroup', { label: t('preview.messages') }, ...headings.map((one) => option(one.id, nameOf(one))))]
        : []),
      option(PASTED, t('preview.pasted')),
    );
    choice.value = value;
  }

  function nameOf({ number, title, endpoint, receivedAt }: SampleHeading): string {
    return `${[number, title].filter(Boolean).join(' ')} · ${endpoint}, ${new Date(receivedAt).toLocaleString()}`;
  }

  function load(id: string): void {
    const request = ++wanted;
    api.sample(session.mapping, direction, id).then(
      (found) => {
        if (request !== wanted) return;
        sample = found;
        showText();
        run();
      },
      (error: Error) => request === wanted && fail(error),
    );
  }

  function toggleEditor(open = text.hidden === true): void {
    text.hidden = !open;
    edit.classList.toggle('selected', open);
    edit.setAttribute('aria-pressed', String(open));
    if (!open) return;
    if (!editor) {
      const place = element('div', { class: 'node-text-editor' });
      text.append(place);
      editor = RED.editor.createEditor({ element: place, mode: 'ace/mode/json', value: '' });
      editor.on('change', typed);
    }
    showText();
    editor.resize();
  }

  function showText(): void {
    if (!editor || text.hidden) return;
    setting = true;
    editor.setValue(JSON.stringify(sample ?? {}, null, 2));
    // Editors report a change a moment after it.
    setTimeout(() => {
      setting = false;
    }, 50);
  }

  function typed(): void {
    if (setting || !editor) return;
    const given = parsed(editor.getValue());
    if (!given) {
      setStatus(t('preview.badJson'), 'error');
      return;
    }
    if (JSON.stringify(given) === JSON.stringify(sample)) return;
    sample = given;
    wanted++;
    fill(PASTED);
    later();
  }

  function later(): void {
    window.clearTimeout(timer);
    timer = window.setTimeout(run, PAUSE);
  }

  function run(): void {
    const given = sample;
    if (!given || !box.isConnected) return;
    const request = ++asked;
    const way = direction;
    // Unfinished rules stay in: the preview says what is missing.
    api.preview(session.mapping, way, given).then(
      (preview) => {
        if (request !== asked) return;
        show(preview);
        done(preview, given, way);
      },
      (error: Error) => request === asked && fail(error),
    );
  }

  function show(preview: Preview): void {
    const errors = preview.problems.filter(({ level }) => level === 'error').length;
    const warnings = preview.problems.length - errors;
    if (errors) setStatus(t('preview.errors', { count: errors }), 'error');
    else if (warnings) setStatus(t('preview.warnings', { count: warnings }), 'warning');
    else setStatus(t('preview.fine'), 'success');
    const shown = previewLines(preview, (rule) => session.reveal(rule), t);
    lines.replaceChildren(...(shown.length ? shown : [element('p', {}, t('preview.empty'))]));
    markSelected();
  }

  /** Scrolls to what the selected rules made. */
  function markSelected(): void {
    const { selected, table } = session.state;
    const tokens = new Set(selected.map((rule) => tokenOf({ table, rule })));
    const own = [...lines.children].filter((line) => {
      const isOwn = (line.getAttribute('data-rules') ?? '').split(' ').some((token) => tokens.has(token));
      line.classList.toggle('switchboard-selected', isOwn);
      return isOwn;
    });
    const first = own[0]?.getBoundingClientRect();
    const room = lines.getBoundingClientRect();
    if (!first || (first.top >= room.top && first.bottom <= room.bottom)) return;
    lines.scrollTop += first.top - room.top - room.height / 3;
  }

  function setStatus(words: string, level: 'error' | 'warning' | 'success'): void {
    const icon = { error: 'fa-exclamation-circle', warning: 'fa-exclamation-triangle', success: 'fa-check' }[level];
    status.className = `switchboard-preview-status switchboard-${level}`;
    status.replaceChildren(element('i', { class: `fa ${icon}`, 'aria-hidden': 'true' }), ` ${words}`);
  }

  function fail(error: Error): void {
    setStatus(error.message, 'error');
    lines.replaceChildren();
    done(undefined, {}, direction);
  }

  return {
    head,
    element: box,
    switchTo: (way) => way !== direction && switchTo(way),
    reload: () => switchTo(direction),
    close() {
      window.clearTimeout(timer);
      wanted++;
      asked++;
      editor?.destroy();
    },
  };
}

function parsed(text: string): Sample | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Sample) : undefined;
  } catch {
    return undefined;
  }
}
