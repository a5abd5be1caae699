import type { SystemForm, WizardChoice } from '../../../src/endpoints/form.js';
import { FORMS } from '../../../src/endpoints/forms.js';
import type { SignInMethod } from '../../../src/endpoints/sign-in.js';
import { signInSettings } from '../../kit/editor/endpoint-dialog.js';
import { entityTypesOf, systemOfNode } from '../../kit/editor/endpoints.js';
import { field, type Prefix, read, showBy } from '../../kit/editor/fields.js';
import { address, text } from '../../kit/editor/validate.js';
import { credentialsOf, endpointDefaults, endpointType } from '../../kit/endpoint.config.js';
import { endpointSettings, type Party, type Receive } from './flow.editor.js';
import { flowOf } from './flows-in-use.editor.js';
import { translateLabels } from './labels.editor.js';
import { type Role, systemsFor, typesFor } from './scenarios.editor.js';

/** The value of the option "new endpoint". */
const NEW = '';

/** An option of the select of systems. */
interface Choice extends WizardChoice {
  /** The value of the option. */
  value: string;
  form: SystemForm;
}

export interface PartyForm {
  role: Role;
  element: JQuery;
  party(): Party;
  /** Marks invalid fields; returns true if there are none. */
  valid(): boolean;
}

/**
 * The form of one party: an existing endpoint, or the settings of a new one. A field is validated while typing once it has lost
 * focus.
 */
export function partyForm(number: number, role: Role, translate: Translate, publicUrl: string): PartyForm {
  const prefix: Prefix = `switchboard-party-${number}`;
  const html = ($('#switchboard-wizard-party').html() ?? '').replaceAll('node-config-input-', `${prefix}-`);
  const element = translateLabels($(html.trim()), translate).attr('id', prefix);
  element.find('legend').text(translate(`wizard.role.${role.name}`));
  const part = (name: string) => element.find(`[data-part=${name}]`);
  const systems = systemsFor(role);
  const choices: Choice[] = systems.flatMap((form) =>
    form.wizard.choices.map((choice) => ({ ...choice, form, value: `${form.id} ${choice.id}`.trim() })),
  );
  /** True once the user has selected a record type; until then the suggested one is selected. */
  let typeSelected = false;
  return { role, element: prepare(), party, valid };

  function prepare(): JQuery {
    // Fields are looked up by id, so they must be in the page first.
    setTimeout(() => {
      fillEndpoints();
      // In the order of the registry; the suggested one is selected.
      const listed = FORMS.flatMap((form) => choices.filter((choice) => choice.form === form));
      field(prefix, 'system').append(...listed.map(({ value, label }) => $('<option>').val(value).text(label)));
      field(prefix, 'system').val(choices[0]?.value ?? '');
      field(prefix, 'publicUrl').val(publicUrl);
      for (const name of ['endpoint', 'system', 'receive']) field(prefix, name).on('change', update);
      field(prefix, 'system').on('change', suggest);
      field(prefix, 'entityType').on('change', () => {
        typeSelected = true;
      });
      suggest();
      update();
      element.on('blur', 'input', (event) => $(event.target).addClass('switchboard-touched') && mark());
      element.on('input change', mark);
    }, 0);
    return element;
  }

  /**
   * Lists the existing endpoints, those of the suggested system first. The first of these that no flow uses yet is selected, but not
   * where there may be several parties, which all differ.
   */
  function fillEndpoints(): void {
    const found: { id: string; name: string; rank: number }[] = [];
    RED.nodes.eachConfig((node) => {
      const form = systemOfNode(node);
      if (form && systems.includes(form) && typesAt(form, node.id).length > 0)
        found.push({ id: node.id, name: node.name || node.id, rank: systems.indexOf(form) });
    });
    found.sort((a, b) => a.rank - b.rank);
    const select = field(prefix, 'endpoint').empty();
    select.append(...found.map(({ id, name }) => $('<option>').val(id).text(name)));
    select.append($('<option>').val(NEW).text(translate('wizard.newEndpoint')));
    const free = found.find(({ id, rank }) => rank === 0 && flowOf(id) === undefined);
    select.val(free && !role.several ? free.id : NEW);
  }

  /** Suggests the usual authentication method and address format of the system. */
  function suggest(): void {
    const { endpoint } = chosenSystem();
    const defaults: Record<string, unknown> = endpointDefaults(endpoint);
    const methods = new Set(endpoint.signIn.map(({ id }) => id));
    field(prefix, 'auth')
      .find('option')
      .each((_, option) => {
        $(option).prop('hidden', !methods.has(option.value)).prop('disabled', !methods.has(option.value));
      });
    for (const name of signInSettings(endpoint.signIn)) field(prefix, name).val(String(defaults[name] ?? ''));
    field(prefix, 'auth').val(String(defaults.auth)).trigger('change');
    field(prefix, 'baseUrl')
      .attr('placeholder', endpoint.address?.example ?? '')
      .closest('.form-row')
      .toggle(endpoint.address !== undefined);
  }

  function update(): void {
    showBy(prefix, 'auth');
    const existing = String(read(prefix, 'endpoint'));
    const form = chosenSystem();
    part('new').toggle(existing === NEW);
    part('takes').toggle(role.takes !== undefined);
    if (role.takes) {
      part('takes')
        .find('.switchboard-hint')
        .text(translate(`wizard.takesHint.${role.takes}`));
      field(prefix, 'takes').attr('placeholder', translate(`wizard.takesExample.${role.takes}`));
    }
    part('publicUrl').toggle(form.receive.hub !== undefined && read(prefix, 'receive') !== 'polling');
    part('entityType').toggle(form.entityTypes.length > 1);
    const select = field(prefix, 'entityType');
    const types = typesAt(form, existing);
    const keep = String(select.val() ?? '');
    select.empty().append(...types.map((type) => $('<option>').val(type).text(type)));
    select.val(typeSelected && types.includes(keep) ? keep : (types[0] ?? ''));
  }

  /** The record types for the party at an endpoint, the suggested one first, followed by the endpoint's custom types. */
  function typesAt(form: SystemForm, endpoint: string): readonly string[] {
    const suggested = typesFor(role, form);
    if (endpoint === NEW) return suggested;
    const available = entityTypesOf(endpoint);
    return [
      ...suggested.filter((type) => available.includes(type)),
      ...available.filter((type) => !form.entityTypes.includes(type)),
    ];
  }

  function chosenChoice(): Choice | undefined {
    return choices.find(({ value }) => value === read(prefix, 'system')) ?? choices[0];
  }

  function chosenSystem(): SystemForm {
    const existing = RED.nodes.node(String(read(prefix, 'endpoint')));
    const form = (existing && systemOfNode(existing)) || chosenChoice()?.form;
    if (form) return form;
    throw new Error(`No system supports the role ${role.name}.`);
  }

  function party(): Party {
    const existing = String(read(prefix, 'endpoint'));
    const node = existing === NEW ? undefined : RED.nodes.node(existing);
    const system = chosenSystem();
    const { endpoint } = system;
    const names = [...(endpoint.address ? ['baseUrl'] : []), 'auth', ...signInSettings(endpoint.signIn)];
    const entered = Object.fromEntries(names.map((name) => [name, read(prefix, name)]));
    const filledIn = Object.keys(credentialsOf(endpoint)).filter((name) => isShown(name) && read(prefix, name) !== '');
    return {
      role,
      name: String(node ? node.name || node.id : read(prefix, 'name')).trim(),
      system,
      ...(node && { endpoint: node.id }),
      settings: { ...entered, ...(node ? {} : { ...chosenChoice()?.settings, ...(role.side && { side: role.side }) }) },
      credentials: Object.fromEntries(filledIn.map((name) => [name, String(read(prefix, name))])),
      entityType: String(read(prefix, 'entityType')),
      receive: read(prefix, 'receive') as Receive,
      publicUrl: String(read(prefix, 'publicUrl')).trim(),
      takes: String(read(prefix, 'takes'))
        .split(/\s*,\s*/)
        .filter(Boolean),
    };
  }

  function isShown(name: string): boolean {
    return field(prefix, name).closest('.form-row').css('display') !== 'none';
  }

  function valid(): boolean {
    element.find('input').addClass('switchboard-touched');
    mark();
    const first = element.find('.input-error').first();
    first.trigger('focus');
    return first.length === 0;
  }

  /** Marks invalid fields, but only those that have lost focus once. */
  function mark(): void {
    const errors = problems();
    element.find('input').each((_, input) => {
      const error = errors.get(input.id) ?? '';
      const isShown = error !== '' && $(input).hasClass('switchboard-touched');
      $(input)
        .toggleClass('input-error', isShown)
        .attr({ 'aria-invalid': String(isShown), title: isShown ? error : '' });
    });
  }

  function problems(): Map<string, string> {
    const found = new Map<string, string>();
    const check = (name: string, validator: Validator<unknown>) => {
      const answer = validator.call({ _def: { _: translate } } as never, String(read(prefix, name)), {});
      if (answer !== true) found.set(`${prefix}-${name}`, String(answer));
    };
    if (read(prefix, 'endpoint') === NEW) {
      check('name', text());
      if (chosenSystem().endpoint.address) check('baseUrl', address());
      for (const name of requiredFields(chosenSystem().endpoint.signIn, String(read(prefix, 'auth'))))
        check(name, name === 'tokenUrl' ? address({ orPath: true }) : text());
    }
    if (part('publicUrl').css('display') !== 'none') check('publicUrl', address({ optional: true }));
    return found;
  }
}

/** The required fields of an authentication method. */
function requiredFields(methods: readonly SignInMethod[], auth: string): string[] {
  const fields = methods.find(({ id }) => id === auth)?.fields ?? [];
  return fields.filter(({ optional }) => !optional).map(({ name }) => name);
}

/** The connection to test for a party: with the entered settings, or those of the selected endpoint. */
export function connectionOf(party: Party) {
  const type = endpointType(party.system);
  const node = party.endpoint ? RED.nodes.node(party.endpoint) : undefined;
  if (!node) return { id: 'new', type, config: endpointSettings(party), credentials: party.credentials };
  const definition = node._def as { defaults: object; credentials?: object };
  const pick = (from: Record<string, unknown>, names: object) =>
    Object.fromEntries(Object.keys(names).flatMap((name) => (from[name] === undefined ? [] : [[name, from[name]]])));
  return {
    id: node.id,
    type,
    config: pick(node, definition.defaults),
    credentials: pick((node.credentials ?? {}) as Record<string, unknown>, definition.credentials ?? {}) as Record<
      string,
      string
    >,
  };
}
