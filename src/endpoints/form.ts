import type { SignInMethod } from './sign-in.js';

/*
 * What the editor needs to know of a system, as data: the dialogs of its nodes, their settings, and its part in the wizard. Runs in the browser too, so
 * nothing here may import what needs Node.js; the rest of a system's description is in system.ts.
 */

/** The settings of a node as a flow file has them. */
export type Settings = Record<string, unknown>;

/** Changes the settings of a node that an earlier version saved into those of the next version. */
export type Migration = (settings: Settings) => Settings;

interface CommonSetting {
  /** Name in the flow file; `dialog.<name>` is its label. */
  name: string;
  /** Font Awesome class of the label's icon. */
  icon?: string;
  /** Shown only while another setting has one of these values. */
  showIf?: { setting: string; is: readonly string[] };
}

export interface TextSetting extends CommonSetting {
  kind: 'text';
  default: string;
  /** Placeholder; a function where it depends on the choices made in the same dialog. */
  example?: string | ((settings: Settings) => string);
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

/** A table that people edit; `<name>.<column>` are the labels of its columns. Rows without a required column are left out. */
export interface RowsSetting extends CommonSetting {
  kind: 'rows';
  default: readonly Record<string, string>[];
  columns: readonly RowsColumn[];
}

export interface RowsColumn {
  name: string;
  required?: boolean;
  /** No two rows may have the same value. */
  unique?: boolean;
  /** A pick list of the system (`pickLists` in system.ts) that suggests values; `of`: the column whose value the list depends on. */
  suggest?: { list: string; of?: string };
}

export type Setting = TextSetting | ChoiceSetting | FlagSetting | RowsSetting;

/** Settings in a section of the dialog that is folded until a person opens it; `dialog.<name>` is its title. */
export interface Fold {
  name: string;
  settings: readonly Setting[];
}

/** The config node that stands for a party's system. Systems that share an address and a way to sign in may share one. */
export interface EndpointForm {
  /** Name of its node set; its type is `switchboard-<node>`. */
  node: string;
  /** Name in texts: `<label> endpoint` where a person gave none. */
  label: string;
  /** The base URL; absent: a system that has no web address. */
  address?: { example: string };
  /** Ways to sign in, in the order people choose from; the first is the usual one. */
  signIn: readonly SignInMethod[];
  /** Defaults that differ from the usual ones of settings that every endpoint has. */
  defaults?: Settings;
  /** Settings of this system, shown below the address. */
  settings: readonly Setting[];
  folds: readonly Fold[];
  /** The setting that says which of the systems that share the config node it is. */
  systemSetting?: string;
  migrations?: readonly Migration[];
}

/** How changes arrive. Numbers are kept as text, so that `${ENV}` works in them. */
export interface ReceiveForm {
  /** The system posts to a path of ours. `limit`: kilobytes. */
  webhook?: { limit: string };
  /** The system has a hub that takes subscriptions. `renewInterval`: minutes; `eventLimit`: kilobytes. */
  hub?: { renewInterval: string; eventLimit: string };
  /** We ask for changes. `interval`: seconds. */
  poll?: { interval: string };
}

/** The parts that a system can take in the scenarios of the wizard. */
export type RoleName = 'ticketCustomer' | 'ticketProvider' | 'orderCustomer' | 'orderVendor';

/** One line of the wizard's list of systems. */
export interface WizardChoice {
  /** Distinguishes the choices of one system; empty where there is only one. */
  id: string;
  /** A product name, the same in every language. */
  label: string;
  /** What the choice means for the endpoint's settings. */
  settings: Settings;
}

export interface SystemForm {
  /** Stands in messages, mappings and fixtures; never changes. */
  id: string;
  label: string;
  endpoint: EndpointForm;
  /** Colour of its nodes. */
  color: string;
  /**
   * Names of its record types, the usual one first. One: there is nothing to choose. Several: an endpoint may have others; its setting `entityTypes` lists
   * them.
   */
  entityTypes: readonly string[];
  receive: ReceiveForm;
  wizard: {
    choices: readonly WizardChoice[];
    /** `rank`: the lowest is suggested; `entityTypes`: record types that it may be, the usual one first. */
    roles: Partial<Record<RoleName, { rank: number; entityTypes: readonly string[] }>>;
  };
  /** Migrations of its in and out nodes. */
  migrations?: { in?: readonly Migration[]; out?: readonly Migration[] };
}

/** Every setting of an endpoint's own, wherever the dialog shows it. */
export function settingsOf({ settings, folds }: EndpointForm): Setting[] {
  return [...settings, ...folds.flatMap((fold) => fold.settings)];
}

/** The defaults of an endpoint's own settings, and of those in which it differs from the usual. */
export function defaultsOf(form: EndpointForm): Settings {
  return { ...form.defaults, ...Object.fromEntries(settingsOf(form).map((setting) => [setting.name, setting.default])) };
}
