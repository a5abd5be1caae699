/** Served by Node-RED from the package's resources/ folder. */
const TOUR = 'resources/@switchboard/node-red-switchboard/first-steps.js';
/** Stored in the user's settings, so that the tour is offered only once. */
const OFFERED = 'switchboard-tour-offered';

export function takeTour(): void {
  // An absolute URL, because Node-RED's script, which imports the tour as a module, is in another folder than the page.
  RED.tourGuide.run(new URL(TOUR, document.baseURI).href);
}

/** Offers the tour once, when the editor has loaded, unless tours are disabled. */
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
