/** Served by Node-RED from the package's folder resources/. */
const TOUR = 'resources/@switchboard/node-red-switchboard/first-steps.js';
/** Kept with the user's settings: whoever said no once is not asked again. */
const OFFERED = 'switchboard-tour-offered';

export function takeTour(): void {
  // Loaded as a module by Node-RED's script, which stands in another folder than the page.
  RED.tourGuide.run(new URL(TOUR, document.baseURI).href);
}

/** Offers the tour once, when the editor has loaded; not where tours are switched off. */
export function offerTour(translate: Translate): void {
  RED.events.on('flows:loaded', () => {
    const wanted = RED.settings.theme('tours') !== false && RED.settings.get('editor.view.view-show-welcome-tours', true);
    if (!wanted || RED.settings.get(OFFERED)) return;
    const close = () => {
      RED.settings.set(OFFERED, true);
      notice.close();
    };
    const notice = RED.notify(translate('tour.offer'), {
      type: 'compact',
      fixed: true,
      buttons: [
        { text: translate('tour.no'), click: close },
        {
          text: translate('tour.yes'),
          class: 'primary',
          click() {
            close();
            takeTour();
          },
        },
      ],
    });
  });
}
