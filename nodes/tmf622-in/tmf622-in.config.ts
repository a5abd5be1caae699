import { type TmfInConfig, tmfInDefaults } from '../kit/tmf-in.config.js';

/** Settings of the `tmf622 in` node. */
export type Tmf622InConfig = TmfInConfig;
export const tmf622InDefaults: Tmf622InConfig = tmfInDefaults;
