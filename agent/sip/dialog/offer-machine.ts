/**
 * Offers in a dialog, ours and theirs (RFC 3264, RFC 3261 §14, RFC 3311 §5, RFC 6337): one exchange at a time.
 *
 *   initial --done--> idle --offer--> offering --answered | refused--> idle
 *         \----------weAccepted--> unacked
 *                      |                  \--refused 491--> waiting --retryDue--> offering
 *                      \--remoteOffer--> answering --answered (UPDATE) | rejected--> idle
 *                                            \--answered (INVITE)--> unacked --acked--> idle
 *
 * An offer of ours waits in `queue` while an exchange runs. From `waiting` a remote offer is taken: that is what the
 * wait is for.
 */
export interface OurOffer {
  /** Ours to change the media, or the session refresh that must repeat what stands (RFC 4028 §7.4). */
  readonly purpose: 'offer' | 'refresh';
  readonly sdp: string;
  /** How often 491 came. */
  readonly glares: number;
}
export type OfferState = {
  readonly queue: readonly OurOffer[];
} & (
  | { readonly name: 'initial'; readonly ours: boolean }
  | { readonly name: 'idle' | 'closed' | 'unacked' }
  | { readonly name: 'offering'; readonly offer: OurOffer }
  | { readonly name: 'waiting'; readonly offer: OurOffer }
  | { readonly name: 'answering'; readonly method: 'INVITE' | 'UPDATE' }
);
export type OfferEvent =
  /** The first exchange is complete: by the 2xx, or earlier by a reliable 1xx (then UPDATE may come, RFC 3311 §5.1). */
  | { readonly name: 'done' }
  /** UAS: our 2xx to the first INVITE is out and waits for its ACK. */
  | { readonly name: 'weAccepted' }
  | { readonly name: 'offer'; readonly purpose: OurOffer['purpose']; readonly sdp: string }
  | { readonly name: 'answered' }
  | { readonly name: 'refused'; readonly status: number }
  | { readonly name: 'retryDue' }
  | { readonly name: 'remoteOffer'; readonly method: 'INVITE' | 'UPDATE' }
  | { readonly name: 'weAnswered' }
  | { readonly name: 'weRejected' }
  | { readonly name: 'acked' }
  | { readonly name: 'closed' };
export type OfferEffect =
  | { readonly do: 'send'; readonly offer: OurOffer }
  | { readonly do: 'waitForRetry' | 'stopWaiting' | 'deliver' }
  | { readonly do: 'refuseTheirs'; readonly status: 491 | 500 }
  | { readonly do: 'giveUp'; readonly offer: OurOffer; readonly status: number };
type Step = readonly [OfferState, readonly OfferEffect[]];

/** 491 answers to one offer before it counts as refused. */
export const GLARES_MAX = 6;
/** Offers of ours that wait for an exchange to end; more are refused at once with 491. */
export const OFFERS_WAITING_MAX = 4;

/** @param ours whether the first INVITE's offer is ours (we sent it, or it came without SDP) */
export function startOffers(ours: boolean): OfferState {
  return { name: 'initial', ours, queue: [] };
}

export function stepOffers(state: OfferState, event: OfferEvent): Step {
  if (state.name === 'closed') return [state, []];
  if (event.name === 'closed') return [{ name: 'closed', queue: [] }, [{ do: 'stopWaiting' }]];
  if (event.name === 'remoteOffer') return takeRemoteOffer(state, event.method);
  if (event.name === 'offer') return takeOurOffer(state, event);
  switch (state.name) {
    case 'initial':
      if (event.name === 'weAccepted') return [{ name: 'unacked', queue: state.queue }, []];
      return event.name === 'done' ? goOn(state.queue) : [state, []];
    case 'offering':
      if (event.name === 'answered') return goOn(state.queue);
      return event.name === 'refused' ? takeRefusal(state, event.status) : [state, []];
    case 'waiting':
      if (event.name !== 'retryDue') return [state, []];
      return [{ ...state, name: 'offering' }, [{ do: 'send', offer: state.offer }]];
    case 'answering':
      if (event.name === 'weRejected') return goOn(state.queue);
      if (event.name !== 'weAnswered') return [state, []];
      return state.method === 'UPDATE'
        ? goOn(state.queue)
        : [{ name: 'unacked', queue: state.queue }, []];
    case 'unacked':
      return event.name === 'acked' ? goOn(state.queue) : [state, []];
    case 'idle':
      return event.name === 'weAccepted' ? [{ ...state, name: 'unacked' }, []] : [state, []];
  }
}

/** An exchange ended: the next of ours goes out. */
function goOn(queue: readonly OurOffer[]): Step {
  const [offer, ...rest] = queue;
  if (offer === undefined) return [{ name: 'idle', queue }, []];
  return [{ name: 'offering', offer, queue: rest }, [{ do: 'send', offer }]];
}

function takeOurOffer(state: OfferState, event: OfferEvent & { readonly name: 'offer' }): Step {
  const offer: OurOffer = { purpose: event.purpose, sdp: event.sdp, glares: 0 };
  if (state.name === 'idle') return goOn([offer]);
  if (state.queue.length >= OFFERS_WAITING_MAX) {
    return [state, [{ do: 'giveUp', offer, status: 491 }]];
  }
  return [{ ...state, queue: [...state.queue, offer] }, []];
}

function takeRefusal(state: OfferState & { readonly name: 'offering' }, status: number): Step {
  const { offer, queue } = state;
  if (status === 491 && offer.glares < GLARES_MAX) {
    const again = { ...offer, glares: offer.glares + 1 };
    return [{ name: 'waiting', offer: again, queue }, [{ do: 'waitForRetry' }]];
  }
  const [next, effects] = goOn(queue);
  return [next, [{ do: 'giveUp', offer, status }, ...effects]];
}

function takeRemoteOffer(state: OfferState, method: 'INVITE' | 'UPDATE'): Step {
  switch (state.name) {
    case 'idle':
      return [{ name: 'answering', method, queue: state.queue }, [{ do: 'deliver' }]];
    case 'waiting':
      // Ours goes out after theirs is settled (RFC 3261 §14.1).
      return [
        { name: 'answering', method, queue: [state.offer, ...state.queue] },
        [{ do: 'stopWaiting' }, { do: 'deliver' }],
      ];
    case 'answering':
      // Theirs still unanswered (RFC 3261 §14.2, RFC 3311 §5.2).
      return [state, [{ do: 'refuseTheirs', status: 500 }]];
    case 'initial':
      return [state, [{ do: 'refuseTheirs', status: state.ours ? 491 : 500 }]];
    default:
      return [state, [{ do: 'refuseTheirs', status: 491 }]];
  }
}
