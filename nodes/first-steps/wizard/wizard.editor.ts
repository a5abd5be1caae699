import { type Check, connectionTest } from '../../kit/editor/connection-test.js';
import { httpRoot } from '../../kit/editor/copy-field.js';
import { addStyle } from '../../kit/editor/style.js';
import { addParty } from './add-party.editor.js';
import { conflictBetween, conflictInRoute, type Sentences, sharedFlows, storesOf } from './conflicts.editor.js';
import { createFlow, type Party, type Webhook } from './flow.editor.js';
import { namesOf, type RouteNode, routeNodes } from './flows-in-use.editor.js';
import { flowTexts, translateLabels } from './labels.editor.js';
import { nodeWidth } from './node-width.editor.js';
import { connectionOf, type PartyForm, partyForm } from './party-form.editor.js';
import { createRouteFlow } from './route-flow.editor.js';
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
  /** The route node that gets one more party. */
  let route: RouteNode | undefined;
  /** What the user should know about the flow, as texts. */
  let notes: string[] = [];
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
      translate({ scenario: 'wizard.next', parties: 'wizard.try', test: createLabel(), done: 'wizard.done' }[to]),
    );
  }

  function next(): void {
    if (step === 'scenario') show('parties');
    else if (step === 'parties') testConnections();
    else if (step === 'test') finish();
    else RED.tray.close();
  }

  const createLabel = () => (SCENARIOS[scenario].routes === 'add' ? 'wizard.addToFlow' : 'wizard.create');

  const pages: Record<Step, () => JQuery> = {
    scenario: () => {
      const box = $('<div>').append($('<h3>').text(translate('wizard.what')));
      const canAdd = routeNodes().length > 0;
      for (const name of Object.keys(SCENARIOS) as Scenario[]) {
        if (SCENARIOS[name].routes === 'add' && !canAdd) continue;
        const radio = $('<input>', { type: 'radio', name: 'switchboard-scenario', value: name }).prop(
          'checked',
          name === scenario,
        );
        radio.on('change', () => {
          scenario = name;
          forms = [];
          route = undefined;
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
      const list = $('<div>');
      if (SCENARIOS[scenario].routes === 'add') list.append(routeSelect());
      for (const role of roles) {
        list.append(forms.filter((form) => form.role === role).map((form) => form.element));
        if (!role.several) continue;
        const more = $('<button>', { type: 'button', class: 'red-ui-button switchboard-wizard-add' });
        more.append($('<i>', { class: 'fa fa-plus' }), ' ', $('<span>').text(translate(`wizard.add.${role.name}`)));
        more.on('click', () => more.before(add(role).element));
        list.append(more);
      }
      return list;
    },
    test: () => {
      const box = $('<div>').append($('<p>').text(translate('wizard.test')), noteList());
      const results = new Map<Party, Check[]>();
      const note = $('<p>', { role: 'status' });
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
            note.text(failed ? translate('wizard.testedNotAll') : '').toggleClass('switchboard-wizard-note', failed);
            button.text(translate(failed ? 'wizard.createAnyway' : createLabel())).prop('disabled', false);
          },
        );
        box.append(part);
        part.find('.switchboard-test').trigger('click');
      }
      return box.append(note);
    },
    done: () => {
      const created = route ? translate('wizard.added', { name: chosen[0]?.name }) : translate('wizard.created');
      const box = $('<div>').append($('<p>').text(created), noteList());
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

  /** The select of the flow that gets one more party. */
  function routeSelect(): JQuery {
    const known = routeNodes();
    route = known.find(({ node }) => node.id === route?.id)?.node ?? known[0]?.node;
    const id = 'switchboard-wizard-route';
    const select = $('<select>', { id }).append(
      known.map(({ node, label, disabled }) =>
        $('<option>')
          .val(node.id)
          .text(disabled ? translate('wizard.disabledFlow', { flow: label }) : label),
      ),
    );
    select.val(route?.id ?? '').on('change', () => {
      route = known.find(({ node }) => node.id === select.val())?.node;
    });
    const label = $('<label>', { for: id }).append(
      $('<i>', { class: 'fa fa-map-o' }),
      ' ',
      document.createTextNode(translate('wizard.flow')),
    );
    return $('<div>', { class: 'form-row switchboard-dialog' }).append(label, select);
  }

  function textOf(sentences: Sentences): string {
    return sentences.map(([key, values]) => translate(key, values)).join(' ');
  }

  function noteList(): JQuery {
    return $('<div>').append(notes.map((text) => $('<p>', { class: 'switchboard-wizard-note' }).text(text)));
  }

  function add(role: Role): PartyForm {
    const form = partyForm(formCount++, role, translate, ourAddress());
    forms.push(form);
    if (!role.several) return form;
    const remove = $('<button>', {
      type: 'button',
      class: 'red-ui-button red-ui-button-small',
      'aria-label': translate('wizard.remove'),
    });
    remove.append($('<i>', { class: 'fa fa-times' })).on('click', () => {
      // At least one party of each role is required.
      if (forms.filter((other) => other.role === role).length < 2) return;
      forms = forms.filter((other) => other !== form);
      form.element.remove();
    });
    form.element.find('legend').append(remove);
    return form;
  }

  function testConnections(): void {
    if (!forms.map((form) => form.valid()).every(Boolean)) return;
    const { roles, routes } = SCENARIOS[scenario];
    chosen = roles.flatMap((role) => forms.filter((form) => form.role === role)).map((form) => form.party());
    const conflict = routes ? conflictInRoute(chosen, route, routes) : conflictBetween(chosen);
    body.find('.switchboard-wizard-error').remove();
    if (conflict) {
      body.prepend($('<p>', { class: 'switchboard-wizard-error', role: 'alert' }).text(textOf(conflict)));
      return;
    }
    notes = routes ? sharedFlows(chosen).map(textOf) : [];
    show('test');
  }

  function finish(): void {
    const { routes } = SCENARIOS[scenario];
    const isRouted = routes !== undefined;
    const known = route ? namesOf(route) : [];
    const names = chosen.map(({ name, role }) => ({ name, isCustomer: role.name === 'customer' }));
    const whole = {
      scenario,
      parties: chosen,
      store: storeOf(chosen),
      ...flowTexts([...known, ...names], isRouted, translate),
      mapTo: (name: string) => translate('wizard.mapTo', { name }),
      width: nodeWidth,
    };
    if (route) {
      const before = flowTexts(known, isRouted, translate);
      const added = addParty(route, whole, before, String(RED.nodes.node(route.parties[0] ?? '')?.store ?? ''), GENERATOR);
      finished(added.webhooks, added.unruled, route.z);
      return;
    }
    const created = isRouted ? createRouteFlow(whole, GENERATOR) : { ...createFlow(whole, GENERATOR), unruled: [] };
    RED.view.importNodes(created.nodes, { generateIds: false, addFlow: false, notify: false });
    finished(created.webhooks, created.unruled, created.nodes[0]?.id ?? '');
  }

  /** `unruled`: names of providers to which no rule leads yet. */
  function finished(given: Webhook[], unruled: string[], tab: string): void {
    webhooks = given;
    notes = [...notes, ...unruled.map((name) => translate('wizard.noRule', { name }))];
    RED.workspaces.show(tab);
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
