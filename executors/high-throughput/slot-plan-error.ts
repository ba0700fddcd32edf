/** A node on which the workers do not fit as they are configured. */
import { brandError, FlotillaError } from '../../lib/errors/flotilla-error.ts';

export class SlotPlanError extends FlotillaError {
  static {
    brandError(this, 'SlotPlanError');
  }

  constructor(message: string) {
    super('FLOTILLA_SLOT_PLAN_ERROR', message);
  }
}
