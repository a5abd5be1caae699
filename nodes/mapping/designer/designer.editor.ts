import type { Direction, Mapping } from '../../../src/mapping/mapping.js';
import { parsePath, read } from '../../../src/mapping/paths.js';
import type { Preview, Table } from '../../../src/mapping/preview-result.js';
import type { Json } from '../../../src/model/message.js';
import { element } from '../../kit/editor/element.js';
import { PeopleData } from '../../kit/editor/people-data.js';
import { designerApi, type Sample } from './api.editor.js';
import { board } from './board.editor.js';
import { changesPane } from './changes.editor.js';
import { exchange } from './exchange.editor.js';
import { iconButton, linkButton, segments } from './inputs.editor.js';
import { itemsStart } from './items.editor.js';
import { previewPane } from './preview.editor.js';
import { highlightTogether } from './rule-color.editor.js';
import { rulePanel } from './rule-panel.editor.js';
import { Session } from './session.editor.js';

export interface Designer {
  element: HTMLElement;
  session: Session;
  /** Closes editors and removes listeners. */
  close(): void;
}

/** The designer of one mapping's two tables: rules as lines between fields, details of the selected rule, and a preview. */
export function designer(id: string, mapping: Mapping, t: Translate): Designer {
  const people = new PeopleData(t, fetchAgain);
  const session = new Session(
    mapping,
    t,
    designerApi(t, (path) => people.address(path)),
  );
  const ruleBoard = board(session);
  const panel = rulePanel(session);
  const preview = previewPane(session, shown);
  const changes = changesPane(session, id);
  const begin = itemsStart(session);
  const main = element('div', { class: 'switchboard-designer-main' });
  const clipboardActions = exchange(session, main);

  const undo = iconButton('fa-undo', t('edit.undo'), () => session.undo());
  const redo = iconButton('fa-repeat', t('edit.redo'), () => session.redo());
  const search = element('input', {
    type: 'text',
    class: 'switchboard-search',
    placeholder: t('board.search'),
    'aria-label': t('board.search'),
  });
  let direction: Direction | undefined;
  const ways = segments<'all' | Direction>(
    [
      { value: 'in', text: t('way.in'), title: t('board.in') },
      { value: 'all', text: t('way.both'), title: t('board.all') },
      { value: 'out', text: t('way.out'), title: t('board.out') },
    ],
    t('board.ways'),
    (way) => {
      direction = way === 'all' ? undefined : way;
      ways.choose(way);
      ruleBoard.filter(search.value, direction);
      if (direction) preview.switchTo(direction);
    },
  );
  ways.choose('all');
  search.addEventListener('input', () => ruleBoard.filter(search.value, direction));

  const lower = segments<'preview' | 'changes'>(
    [
      { value: 'preview', text: t('preview.title') },
      { value: 'changes', text: t('changes.title') },
    ],
    t('preview.tabs'),
    show,
  );
  const add = linkButton('fa-plus', t('board.add'), () => {
    session.add([{ field: '', generic: '' }]);
    panel.focus();
  });
  const partnerHead = element('span');
  main.append(
    element('div', { class: 'switchboard-board-head' }, partnerHead, element('span', {}, t('board.genericHead'))),
    ruleBoard.element,
    begin,
    element('div', { class: 'switchboard-panel-actions' }, add),
  );
  const root = element(
    'div',
    { class: 'switchboard-designer', tabindex: '-1' },
    element(
      'div',
      { class: 'switchboard-designer-bar', role: 'toolbar' },
      ways.element,
      search,
      element('span', { class: 'switchboard-designer-tools' }, undo, redo, ...clipboardActions.buttons),
    ),
    people.element,
    element(
      'div',
      { class: 'switchboard-designer-body' },
      main,
      element(
        'div',
        { class: 'switchboard-designer-side' },
        panel.element,
        element(
          'div',
          { class: 'switchboard-designer-lower' },
          element('div', { class: 'switchboard-preview-head' }, lower.element, ...preview.head),
          preview.element,
          changes.element,
        ),
      ),
    ),
  );
  let lowerPart: 'preview' | 'changes' = 'preview';
  show(lowerPart);
  highlightTogether(root);
  root.addEventListener('switchboard:open', () => panel.focus());
  let subject = '';
  session.on(update);
  update();

  function show(which: 'preview' | 'changes'): void {
    lowerPart = which;
    lower.choose(which);
    for (const part of [...preview.head, preview.element]) part.hidden = which !== 'preview';
    changes.element.hidden = which !== 'changes';
    changes.show(which === 'changes');
  }

  function update(): void {
    if (subject !== session.subject) {
      subject = session.subject;
      partnerHead.replaceChildren(t('board.partnerHead', { system: subject }));
      load();
      preview.reload();
    }
    undo.disabled = !session.can.undo;
    redo.disabled = !session.can.redo;
    const empty = session.state.table === 'items' && !session.mapping.items;
    begin.hidden = !empty;
    ruleBoard.element.hidden = empty;
    add.hidden = empty;
  }

  function fetchAgain(): void {
    load();
    preview.reload();
    show(lowerPart);
  }

  function load(): void {
    const about = session.subject;
    session.api.fields(session.mapping).then(
      (lists) => {
        if (about !== session.subject) return;
        session.lists = lists;
        session.notify('all');
      },
      (error: Error) => RED.notify(error.message, 'error'),
    );
  }

  /** Shows the values of the sample and of its result beside the fields. */
  function shown(result: Preview | undefined, sample: Sample, way: Direction): void {
    ruleBoard.problems(result?.problems ?? []);
    const made = result?.result ?? {};
    const given = result?.sample ?? sample;
    const [partner, generic] = way === 'in' ? [given, made] : [made, (given.fields ?? given) as Sample];
    ruleBoard.values({ partner: reader(partner, session, 'partner'), generic: reader(generic, session, 'generic') });
  }

  const isText = (target: EventTarget | null) =>
    target instanceof HTMLElement &&
    target.matches('input:not([type=button]), textarea, select, [contenteditable], .monaco-editor *');
  /**
   * Whether the focus is in the designer, or nowhere because its element was redrawn. The designer behind the JSON tab does not
   * count.
   */
  const isOurs = () =>
    root.offsetParent !== null && (document.activeElement === document.body || root.contains(document.activeElement));
  const keydown = (event: KeyboardEvent) => {
    if (!isOurs() || isText(event.target)) return;
    const key = event.key.toLowerCase();
    if ((event.ctrlKey || event.metaKey) && key === 'z' && !event.shiftKey) session.undo();
    else if ((event.ctrlKey || event.metaKey) && (key === 'y' || key === 'z')) session.redo();
    else if ((event.ctrlKey || event.metaKey) && key === 'a' && ruleBoard.element.contains(document.activeElement)) {
      session.select(session.rules.map((_, index) => index));
    } else if (key === 'delete' && session.state.selected.length) session.remove(session.state.selected);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const clipboard = (event: ClipboardEvent) => {
    if (!isOurs() || isText(event.target) || String(window.getSelection() ?? '') !== '') return;
    clipboardActions[event.type as 'copy' | 'cut' | 'paste'](event);
  };
  document.addEventListener('keydown', keydown, true);
  for (const type of ['copy', 'cut', 'paste'] as const) document.addEventListener(type, clipboard);

  return {
    element: root,
    session,
    close() {
      document.removeEventListener('keydown', keydown, true);
      for (const type of ['copy', 'cut', 'paste'] as const) document.removeEventListener(type, clipboard);
      changes.show(false);
      preview.close();
    },
  };
}

/** Reads the value at a path, as text; for items, that of the first item. */
function reader(tree: Sample, session: Session, side: 'partner' | 'generic'): (path: string, table: Table) => string | undefined {
  return (path, table) => {
    const list = side === 'partner' ? session.mapping.items?.field : undefined;
    const scopes = table === 'order' ? [tree] : list ? [first(tree[list])] : [first(tree.items), first(tree.progress)];
    for (const scope of scopes) {
      const value = at(scope, path);
      if (value !== undefined && value !== '') return typeof value === 'string' ? value : JSON.stringify(value);
    }
    return undefined;
  };
}

function first(list: Json | undefined): Sample {
  const found = Array.isArray(list) ? list[0] : undefined;
  return typeof found === 'object' && found !== null && !Array.isArray(found) ? found : {};
}

function at(tree: Sample, path: string): Json | undefined {
  try {
    return read(tree, parsePath(path));
  } catch {
    return undefined;
  }
}
