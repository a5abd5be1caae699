import { RequestError } from './view/backend.js';
import { operatorView } from './view/operator-view.js';

const ID = 'switchboard-messages';
const TOPIC = 'switchboard/changed';
const MAPPING = 'switchboard-mapping';

RED.plugins.registerPlugin('switchboard-sidebar', {
  type: 'switchboard-sidebar',
  onadd() {
    const view = operatorView({
      t: (key, values) => this._(key, values),
      get: (path) => request('GET', path),
      text: (path, body) => request('POST', path, body) as Promise<string>,
      post: (path, body) => request('POST', path, body),
      onChange(changed) {
        const callback = () => changed();
        RED.comms.subscribe(TOPIC, callback);
        return () => RED.comms.unsubscribe(TOPIC, callback);
      },
      editJson,
      page: 'switchboard/page',
      newConnection: () => RED.actions.invoke('switchboard:new-connection'),
      openMapping: (node) => RED.editor.editConfig('', MAPPING, node ?? '_ADD_'),
    });
    RED.sidebar.addTab({
      id: ID,
      label: this._('tab.label'),
      name: this._('tab.name'),
      iconClass: 'fa fa-exchange',
      content: view.root,
      // Users read messages while they edit a mapping.
      enableOnEdit: true,
      action: 'switchboard:show-messages',
      // Called before the tab is visible.
      onchange: () => setTimeout(view.refresh, 0),
    });
    RED.actions.add('switchboard:show-messages', () => RED.sidebar.show(ID));
  },
});

/**
 * Opens the editor's JSON editor in a tray. It is made to be opened from a dialog, so the workspace state has to be restored
 * afterwards. The result is handed over when the tray is closed, because closing moves the focus to the workspace.
 */
function editJson(title: string, value: string, done: (text: string | undefined) => void): void {
  const before = RED.view.state();
  let result: string | undefined;
  const closed = () => {
    RED.events.off('editor:close', closed);
    setTimeout(() => {
      RED.view.state(before);
      done(result);
    }, 0);
  };
  RED.events.on('editor:close', closed);
  RED.editor.editJSON({
    title,
    value,
    focus: true,
    requireValid: true,
    complete: (text) => {
      result = text;
    },
    cancel: () => undefined,
  });
}

/** The answer, which is JSON or lines of it as text, as its type says. Uses jQuery, because the editor has set it up with the access token of its session. */
function request(method: string, path: string, body?: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    $.ajax({
      url: `switchboard/${path}`,
      method,
      ...(body && { contentType: 'application/json', data: JSON.stringify(body) }),
    }).then(resolve, (answer: JQuery.jqXHR) => {
      const message = (answer.responseJSON as { message?: unknown } | undefined)?.message;
      reject(new RequestError(typeof message === 'string' ? message : answer.statusText, answer.status));
    });
  });
}
