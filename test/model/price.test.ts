import assert from 'node:assert/strict';
import { priceInWords, sumOfPrices, unshownInWords } from '../../src/model/price.js';

describe('prices', () => {
  it('add up where currency, period and tax are the same', () => {
    const monthly = { recurring: 10.1, period: 'month', currency: 'EUR' };
    assert.deepEqual(sumOfPrices([monthly, { ...monthly, recurring: 5.2, oneTime: 1 }]), {
      recurring: 15.3,
      oneTime: 1,
      period: 'month',
      currency: 'EUR',
    });
    assert.deepEqual(sumOfPrices([{ oneTime: 1, oneTimeWithTax: 1.2 }, { oneTime: 2 }]), { oneTime: 3 });
  });

  it('stay apart, in words, where one of these differs', () => {
    assert.deepEqual(
      sumOfPrices([
        { recurring: 10, period: 'month', currency: 'EUR' },
        { recurring: 100, period: 'year', currency: 'EUR' },
        { recurringWithTax: 2, period: 'month', currency: 'EUR' },
        { recurring: 7, period: 'month', currency: 'USD' },
      ]),
      {
        recurring: 10,
        period: 'month',
        currency: 'EUR',
        other: ['100 EUR per year', '2 EUR per month including tax', '7 USD per month'],
      },
    );
  });

  it('are named without tax where that is known, and never as if they were without', () => {
    assert.deepEqual(priceInWords({ oneTime: 1, oneTimeWithTax: 1.2, recurringWithTax: 3, period: 'month', currency: 'EUR' }), [
      '1 EUR once',
      '3 EUR per month including tax',
    ]);
  });

  it('need words only where nobody sees them without tax', () => {
    assert.deepEqual(unshownInWords({ oneTime: 1, oneTimeWithTax: 1.2, currency: 'EUR' }), []);
    assert.deepEqual(unshownInWords({ oneTime: 1, recurringWithTax: 3, period: 'month', currency: 'EUR', other: ['usage'] }), [
      '3 EUR per month including tax',
      'usage',
    ]);
  });
});
