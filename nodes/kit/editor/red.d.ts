/**
 * The parts of Node-RED's editor that our dialogs use, as both Node-RED 4.1 and 5 have them.
 * The published types are of an older editor (validators with messages, typed inputs and plugins are missing or wrong).
 */

type Translate = (key: string, values?: Record<string, unknown>) => string;

/** A node while its dialog is open: its settings, and what the editor adds. */
type EditorNode<Config> = Config & {
  readonly id: string;
  readonly type: string;
  readonly _: Translate;
  readonly _def: {
    readonly _: Translate;
    readonly category: string;
    readonly defaults: Record<string, unknown>;
    readonly credentials?: Record<string, { type: 'text' | 'password' }>;
  };
  credentials?: Record<string, unknown>;
  readonly changed?: boolean;
};

/** Returns true, or the error message. Must declare both parameters: the editor shows messages only of validators that do. */
type Validator<Config> = (this: EditorNode<Config>, value: string, options: unknown) => boolean | string;

interface SettingDefinition<Config, Value> {
  value: Value;
  type?: string;
  required?: boolean;
  label?: string;
  validate?: Validator<Config>;
}

interface NodeDefinition<Config, Credentials> {
  category: string;
  color?: string;
  icon?: string;
  align?: 'left' | 'right';
  inputs?: number;
  outputs?: number;
  paletteLabel?: string;
  categoryDescription?: string;
  hasUsers?: boolean;
  inputLabels?: (index: number) => string;
  outputLabels?: (index: number) => string;
  label?: () => string;
  labelStyle?: () => string;
  defaults: { [Key in keyof Config]: SettingDefinition<Config, Config[Key]> };
  credentials?: { [Key in keyof Credentials]-?: { type: 'text' | 'password' } };
  _creds?: Record<string, never>;
  onadd?: () => void;
  oneditprepare?: () => void;
  oneditsave?: () => void;
  oneditcancel?: () => void;
  oneditdelete?: () => void;
  oneditresize?: (size: { width: number; height: number }) => void;
}

interface CodeEditor {
  getValue(): string;
  setValue(text: string): void;
  resize(): void;
  on(event: 'change', callback: () => void): void;
  destroy(): void;
}

interface EditorLink {
  source: object;
  sourcePort: number;
  target: { id: string };
}

interface SidebarTab {
  id: string;
  label: string;
  name: string;
  iconClass: string;
  content: Element;
  toolbar?: Element;
  enableOnEdit?: boolean;
  action?: string;
  onchange?: () => void;
  onremove?: () => void;
}

declare const RED: {
  _: Translate;
  utils: {
    /** True, or what is wrong. */
    validateTypedProperty(value: string, type: 'jsonata'): true | string;
  };
  nodes: {
    registerType<Config, Credentials = Record<never, never>>(
      type: string,
      definition: NodeDefinition<Config, Credentials> & ThisType<EditorNode<Config>>,
    ): void;
    id(): string;
    getType(type: string): { label?: string | ((this: object) => string); _?: Translate } | undefined;
    node(id: string): (Record<string, unknown> & { id: string; type: string }) | null;
    workspace(id: string): { id: string; label: string; disabled?: boolean } | null;
    /** Adds nodes; wires to nodes that exist already are not added. */
    import(nodes: object[], options: { generateIds: boolean }): unknown;
    addLink(link: EditorLink): void;
    filterLinks(filter: { source?: object; sourcePort?: number }): EditorLink[];
    dirty(is: boolean): void;
    /** All nodes as they would be saved, with their wires. */
    createCompleteNodeSet(options: { credentials: boolean }): object[];
    eachNode(callback: (node: Record<string, unknown> & { id: string; type: string }) => void): void;
    eachConfig(callback: (node: Record<string, unknown> & { id: string; type: string; name?: string }) => void): void;
  };
  plugins: { registerPlugin(id: string, definition: { type: string; onadd: (this: { _: Translate }) => void }): void };
  sidebar: { addTab(tab: SidebarTab): void; show(id: string): void };
  actions: { add(name: string, handler: () => void, options?: { label?: string }): void; invoke(name: string): void };
  menu: { addItem(menu: string, item: { id: string; label: string; icon?: string; onselect: string } | null): void };
  tray: {
    show(options: {
      title: string;
      width?: number;
      buttons: { id: string; text: string; class?: string; click: () => void }[];
      open(tray: JQuery): void;
      close?(): void;
    }): void;
    close(): void;
    resize(): void;
  };
  workspaces: {
    show(id: string): void;
    /** Draws the tabs again, with their labels. */
    refresh(): void;
  };
  history: { push(event: object): void };
  comms: {
    subscribe(topic: string, callback: (topic: string, data: unknown) => void): void;
    unsubscribe(topic: string, callback: (topic: string, data: unknown) => void): void;
  };
  editor: {
    edit(node: unknown): void;
    /** Runs the validators of a node, and sets its `valid`. */
    validateNode(node: unknown): void;
    /** The id `_ADD_` creates a new node. */
    editConfig(setting: string, type: string, id: string): void;
    /** Opens a tray with the JSON editor; `complete` receives the text. */
    editJSON(options: {
      title?: string;
      value: string;
      focus?: boolean;
      requireValid?: boolean;
      complete: (text: string) => void;
      cancel?: () => void;
    }): void;
    /** Moves a node's wires to other outputs (old output → new one), and has it drawn again. */
    updateNodeProperties(node: object, outputs: Record<number, number | string>): void;
    validateNode(node: object): boolean;
    /** The nodes whose dialogs are open, the topmost last. */
    getEditStack(): { id: string }[];
    createEditor(options: { id?: string; element?: HTMLElement; mode: string; value: string; focus?: boolean }): CodeEditor;
  };
  view: {
    reveal(id: string): void;
    calculateTextWidth(text: string, className: string): number;
    state(now?: number): number;
    redraw(updateActive?: boolean): void;
    importNodes(nodes: object[], options: { generateIds: boolean; addFlow: boolean; notify: boolean }): void;
  };
  tabs: {
    create(options: { id?: string; element?: JQuery; onchange: (tab: { id: string }) => void }): {
      addTab(tab: { id: string; label: string; iconClass?: string }, index?: number): void;
      removeTab(id: string): void;
      renameTab(id: string, label: string): void;
      contains(id: string): boolean;
      activateTab(id: string): void;
    };
  };
  settings: {
    httpNodeRoot?: string;
    apiRootUrl?: string;
    get(key: string, otherwise?: unknown): unknown;
    set(key: string, value: unknown): void;
    /** From editorTheme of the settings file. */
    theme(key: string): unknown;
  };
  user: { hasPermission(permission: string): boolean };
  events: {
    on(event: string, callback: () => void): void;
    off(event: string, callback: () => void): void;
    emit(event: string, about: object): void;
  };
  tourGuide: { run(path: string): void };
  clipboard: { copyText(text: string, element: JQuery, message?: string): void };
  notify(text: string | JQuery, type?: 'success' | 'warning' | 'error'): unknown;
  notify(
    text: string,
    options: { type: string; fixed: boolean; buttons: { text: string; class?: string; click(): void }[] },
  ): { close(): void };
  popover: {
    tooltip(target: JQuery, text: string): unknown;
    panel(content: JQuery): {
      show(options: { target: JQuery; align?: 'left' | 'right'; onclose?: () => void }): void;
      hide(): void;
    };
  };
};

interface EditableListOptions<Item> {
  addItem(row: JQuery, index: number, item: Item): void;
  removeItem?(item: Item): void;
  sortItems?(items: JQuery[]): void;
  addButton?: string | boolean;
  header?: JQuery;
  height?: number | 'auto';
  sortable?: boolean;
  removable?: boolean;
  scrollOnAdd?: boolean;
}

interface JQuery {
  editableList<Item>(options: EditableListOptions<Item>): JQuery;
  editableList(method: 'addItem', item: unknown): void;
  editableList(method: 'addItems', items: unknown[]): void;
  editableList(method: 'items'): JQuery;
  editableList(method: 'empty'): void;
  editableList(method: 'height', height: number): void;
  typedInput(options: { types: string[]; default: string }): JQuery;
  typedInput(method: 'value' | 'type'): string;
  typedInput(method: 'value' | 'type', value: string): JQuery;
  i18n(): JQuery;
}

declare module '*.css' {
  const text: string;
  export default text;
}
