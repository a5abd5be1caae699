import { type Check, connectionTest } from '../../kit/editor/connection-test.js';
import { httpRoot } from '../../kit/editor/copy-field.js';
import { addStyle } from '../../kit/editor/style.js';
import { createFlow, type Party, type Webhook } from './flow.editor.js';
import { translateLabels } from './labels.editor.js';
import { connectionOf, type PartyForm, partyForm } from './party-form.editor.js';
import { type Role, SCENARIOS, type Scenario } from './scenarios.editor.js';
import css from './wizard.css';

type Step = 'scenario' | 'parties' | 'test' | 'done';
const BUTTONS = { cancel: 'switchboard-wizard-cancel', back: 'switchboard-wizard-back', next: 'switchboard-wizard-next' };

/** The "New connection" wizard: select a scenario, enter the parties, test the connections, create the flow. */
export function openWizard(translate: Translate): void {
  let step: Step = 'scenario';
  let scenario: Scenario = 'ticket';
  let forms: PartyForm[] = [];
  let formCount = 0;
  let chosen: Party[] = [];
  let webhooks: Webhook[] = [];
  let body: JQuery;
  addStyle();
  addStyle('switchboard-wizard-style', css);

  function show(to: Step): void {
    step = to;
    body.children().detach();
    body.append(pages[to]());
    $(`#${BUTTONS.back}`).toggle(to === 'parties' || to === 'test');
    $(`#${BUTTONS.cancel}`).toggle(to !== 'done');
    $(`#${BUTTONS.next}`).text(
      translate({ scenario: 'wizard.next', parties: 'wizard.try', test: 'wizard.create', done: 'wizard.done' }[to]),
    );
  }

  function next(): void {
    if (step === 'scenario') show('parties');
    else if (step === 'parties') testConnections();
    else if (step === 'test') finish();
    else RED.tray.close();
  }

  const pages: Record<Step, () => JQuery> = {
    scenario: () => {
      const box = $('<div>').append($('<h3>').text(translate('wizard.what')));
      for (const name of Object.keys(SCENARIOS) as Scenario[]) {
        const radio = $('<input>', { type: 'radio', name: 'switchboard-scenario', value: name }).prop(
          'checked',
          name === scenario,
        );
        radio.on('change', () => {
          scenario = name;
          forms = [];
        });
        const text = $('<span>').append(
          $('<b>').text(translate(`wizard.scenario.${name}`)),
          $('<small>').text(translate(`wizard.scenario.${name}About`)),
        );
        box.append($('<label>', { class: 'switchboard-wizard-scenario' }).append(radio, text));
      }
      return box;
    },
    parties: () => {
      const { roles } = SCENARIOS[scenario];
      if (forms.length === 0) for (const role of roles) add(role);
      const list = $('<div>').append(forms.map((form) => form.element));
      const several = roles.find((role) => role.several);
      if (!several) return list;
      const more = $('<button>', { type: 'button', class: 'red-ui-button switchboard-wizard-add' });
      more.append($('<i>', { class: 'fa fa-plus' }), ' ', $('<span>').text(translate('wizard.addVendor')));
      more.on('click', () => more.before(add(several).element));
      return list.append(more);
    },
    test: () => {
      const box = $('<div>').append($('<p>').text(translate('wizard.test')));
      const results = new Map<Party, Check[]>();
      const note = $('<p>', { class: 'switchboard-wizard-note', role: 'status' });
      const button = $(`#${BUTTONS.next}`).prop('disabled', true);
      for (const party of chosen) {
        const part = template('switchboard-wizard-test');
        part.find('h4').text(`${translate(`wizard.role.${party.role.name}`)}: ${party.name}`);
        connectionTest(
          part,
          translate,
          () => connectionOf(party),
          (checks) => {
            results.set(party, checks);
            if (results.size < chosen.length) return;
            const failed = [...results.values()].some((some) => some.length === 0 || some.some((check) => check.ok === false));
            note.text(failed ? translate('wizard.testedNotAll') : '');
            button.text(translate(failed ? 'wizard.createAnyway' : 'wizard.create')).prop('disabled', false);
          },
        );
        box.append(part);
        part.find('.switchboard-test').trigger('click');
      }
      return box.append(note);
    },
    done: () => {
      const box = $('<div>').append($('<p>').text(translate('wizard.created')));
      if (webhooks.length) box.append($('<p>').text(translate('wizard.webhooks')));
      for (const { name, path, secret } of webhooks) {
        const list = $('<dl>', { class: 'switchboard-wizard-webhook' });
        list.append($('<dt>').text(translate('wizard.webhookAddress')), $('<dd>').text(httpRoot() + path));
        list.append($('<dt>').text(translate('wizard.webhookSecret')), $('<dd>').text(secret));
        box.append($('<h4>').text(name), list);
      }
      return box;
    },
  };

  RED.tray.show({
    title: translate('wizard.title'),
    width: 620,
    buttons: [
      { id: BUTTONS.cancel, text: translate('wizard.cancel'), click: () => RED.tray.close() },
      { id: BUTTONS.back, text: translate('wizard.back'), click: () => show(step === 'test' ? 'parties' : 'scenario') },
      { id: BUTTONS.next, text: translate('wizard.next'), click: next },
    ],
    open(tray) {
      body = $('<form>', { class: 'dialog-form form-horizontal switchboard-wizard' }).appendTo(tray.find('.red-ui-tray-body'));
      body.on('submit', (event) => event.preventDefault());
      // Not set in the tray's options: the tray would press a primary button when a user clicks outside it.
      $(`#${BUTTONS.next}`).addClass('primary');
      show('scenario');
    },
  });

  function add(role: Role): PartyForm {
    const form = partyForm(formCount++, role, translate, ourAddress());
    forms.push(form);
    if (!role.several) return form;
    const remove = $('<button>', {
      type: 'button',
      class: 'red-ui-button red-ui-button-small',
      'aria-label': translate('wizard.removeVendor'),
    });
    remove.append($('<i>', { class: 'fa fa-times' })).on('click', () => {
      // At least one vendor is required.
      if (forms.filter((other) => other.role === role).length < 2) return;
      forms = forms.filter((other) => other !== form);
      form.element.remove();
    });
    form.element.find('legend').append(remove);
    return form;
  }

  function testConnections(): void {
    if (!forms.map((form) => form.valid()).every(Boolean)) return;
    chosen = forms.map((form) => form.party());
    const conflict = conflictBetween(chosen);
    if (conflict) body.prepend($('<p>', { class: 'switchboard-wizard-error', role: 'alert' }).text(translate(conflict)));
    else show('test');
  }

  function finish(): void {
    const [customer, ...others] = chosen.map((party) => party.name);
    const names = { customer, others: others.join(', ') };
    const plan = {
      label: translate('wizard.tab', names),
      comment: translate('wizard.comment', names),
      mapTo: (name: string) => translate('wizard.mapTo', { name }),
    };
    const created = createFlow({ scenario, parties: chosen, store: storeOf(chosen), ...plan }, GENERATOR);
    webhooks = created.webhooks;
    RED.view.importNodes(created.nodes, { generateIds: false, addFlow: false, notify: false });
    RED.workspaces.show(created.nodes[0]?.id ?? '');
    show('done');
  }

  function template(id: string): JQuery {
    return translateLabels($(($(`#${id}`).html() ?? '').trim()), translate);
  }
}

const GENERATOR = {
  id: () => RED.nodes.id(),
  secret: () => [...crypto.getRandomValues(new Uint8Array(24))].map((byte) => byte.toString(16).padStart(2, '0')).join(''),
};

/** Why these parties cannot be in one flow, as the key of a label; undefined if they can. */
function conflictBetween(parties: Party[]): string | undefined {
  const [first, second] = parties;
  if (first?.endpoint && first.endpoint === second?.endpoint && first.entityType === second.entityType) return 'invalid.same';
  return storesOf(parties).length > 1 ? 'invalid.stores' : undefined;
}

function storesOf(parties: Party[]): string[] {
  const stores = parties.map(({ endpoint }) => endpoint && RED.nodes.node(endpoint)?.store);
  return [...new Set(stores.filter((store): store is string => typeof store === 'string' && store !== ''))];
}

/** The store of the selected endpoints, else an existing one; undefined if a new one must be created. */
function storeOf(parties: Party[]): string | undefined {
  const existing: string[] = [];
  RED.nodes.eachConfig((node) => {
    if (node.type === 'switchboard-store') existing.push(node.id);
  });
  return storesOf(parties)[0] ?? existing[0];
}

/** The URL at which others reach this Node-RED: the browser's, unless it is the local machine. */
function ourAddress(): string {
  return /^(localhost|127\.|\[::1\])/.test(location.hostname) ? '' : location.origin;
}
