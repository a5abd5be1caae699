import type { Side } from '../model/message.js';
import type { SignInMethod } from './sign-in.js';

/*
 * The part of a system's description that the editor needs, as data: the dialogs of its nodes, their settings, and its roles in
 * the wizard. Runs in the browser too, so nothing here may import code that needs Node.js; the rest of the description is in
 * system.ts.
 */

/** The settings of a node in a flow file. */
export type Settings = Record<string, unknown>;

/** Converts the settings of a node from one version to the next. */
export type Migration = (settings: Settings) => Settings;

interface CommonSetting {
  /** The name in the flow file; `dialog.<name>` is its label. */
  name: string;
  /** Font Awesome class of the label's icon. */
  icon?: string;
  /** Shown only while another setting has one of these values; of a flag `yes` or `no`. */
  showIf?: { setting: string; is: readonly string[] };
}

export interface TextSetting extends CommonSetting {
  kind: 'text';
  default: string;
  /** Placeholder; a function if it depends on other settings in the dialog. */
  example?: string | ((settings: Settings) => string);
  /** It is empty, or the path of requests. */
  isPath?: boolean;
}

/** One of several values; `dialog.<name>Kind.<value>` are their labels. */
export interface ChoiceSetting extends CommonSetting {
  kind: 'choice';
  default: string;
  values: readonly string[];
}

export interface FlagSetting extends CommonSetting {
  kind: 'flag';
  default: boolean;
}

/** An editable table; `<name>.<column>` are the labels of its columns. Rows without a value in a required column are left out. */
export interface RowsSetting extends Omit<CommonSetting, 'showIf'> {
  kind: 'rows';
  default: readonly Record<string, string>[];
  columns: readonly RowsColumn[];
}

export interface RowsColumn {
  name: string;
  required?: boolean;
  /** Each row must have a different value. */
  unique?: boolean;
  /** The pick list (`pickLists` in system.ts) that suggests values; `of`: the column that the list depends on. */
  suggest?: { list: string; of?: string };
}

export type Setting = TextSetting | ChoiceSetting | FlagSetting | RowsSetting;

/** Settings in a section of the dialog that is initially collapsed; `dialog.<name>` is its title. */
export interface Fold {
  name: string;
  settings: readonly Setting[];
}

/** The config node for a party's system. Systems with a common address and authentication may share one. */
export interface EndpointForm {
  /** The name of the node set; its type is `switchboard-<node>`. */
  node: string;
  /** Who uses the system, unless the endpoint's dialog says otherwise; absent = the customer. */
  side?: Side;
  /** The name in texts; an unnamed endpoint is called `<label> endpoint`. */
  label: string;
  /** The base URL; absent if the system has no URL. */
  address?: { example: string };
  /** Authentication methods in the order of the select; the first is the default. */
  signIn: readonly SignInMethod[];
  /** Different defaults for settings that every endpoint has. */
  defaults?: Settings;
  /** Settings of this system, shown below the address. */
  settings: readonly Setting[];
  folds: readonly Fold[];
  /** The setting that selects one of the systems that share the config node. */
  systemSetting?: string;
  migrations?: readonly Migration[];
}

/** The ways to receive changes. Numbers are stored as text, so that `${ENV}` works in them. */
export interface ReceiveForm {
  /** The system can post to one of our paths. `limit`: kilobytes. */
  webhook?: { limit: string };
  /** The system has a hub that accepts subscriptions. `renewInterval`: minutes; `eventLimit`: kilobytes. */
  hub?: { renewInterval: string; eventLimit: string };
  /** The system can be polled. `interval`: seconds. */
  poll?: { interval: string };
}

/** The roles that a system can have in the scenarios of the wizard. */
export type RoleName = 'ticketCustomer' | 'ticketProvider' | 'orderCustomer' | 'orderVendor';

/** An option of the wizard's select of systems. */
export interface WizardChoice {
  /** Distinguishes the choices of one system; empty if there is only one. */
  id: string;
  /** A product name, the same in every language. */
  label: string;
  /** The endpoint settings of this choice. */
  settings: Settings;
}

export interface SystemForm {
  /** Stored in messages, mappings and fixtures; must never change. */
  id: string;
  label: string;
  endpoint: EndpointForm;
  /** Colour of its nodes. */
  color: string;
  /**
   * Names of its record types, the default first. If there are several, an endpoint may define others in its setting
   * `entityTypes`.
   */
  entityTypes: readonly string[];
  receive: ReceiveForm;
  /** An example of a JSONata expression on a record as read, for the setting *New records only if*. */
  newOnlyExample?: string;
  wizard: {
    choices: readonly WizardChoice[];
    /** `rank`: the system with the lowest is suggested; `entityTypes`: record types for the role, the suggested one first. */
    roles: Partial<Record<RoleName, { rank: number; entityTypes: readonly string[] }>>;
  };
  /** Migrations of its in and out nodes. */
  migrations?: { in?: readonly Migration[]; out?: readonly Migration[] };
}

/** All settings that an endpoint form defines, wherever the dialog shows them. */
export function settingsOf({ settings, folds }: EndpointForm): Setting[] {
  return [...settings, ...folds.flatMap((fold) => fold.settings)];
}

/** The defaults of the settings that an endpoint form defines, and its different defaults for common settings. */
export function defaultsOf(form: EndpointForm): Settings {
  return { ...form.defaults, ...Object.fromEntries(settingsOf(form).map((setting) => [setting.name, setting.default])) };
}
