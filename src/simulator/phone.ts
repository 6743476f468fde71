/** The customer's phone: an app that scans codes, shows requests, and approves or declines them. It knows nothing else. */
import { remember } from "./bounded.ts";
import type { Context } from "./context.ts";
import { abortPayment, approvePayment, expirePayment, letTimePass } from "./payment-life.ts";
import { type AppScreen, paymentKey, type SimulatedPayment, type SimulatedUser } from "./state.ts";
import { checkInTime, type Deliveries } from "./webhook-deliveries.ts";

export interface PhoneView {
  readonly user: string;
  readonly screen: AppScreen["kind"];
  readonly place: string | undefined;
  readonly text: string | undefined;
  readonly reference: string | undefined;
  readonly merchant: string | undefined;
  readonly amount: number | undefined;
  readonly currency: string | undefined;
  readonly description: string | undefined;
}

export interface Phone {
  /** The camera read this text. */
  scan(text: string): void;
  /** Swipes the request that is shown. */
  approve(): string;
  decline(): string;
  /** Puts the phone away; a request stays open until it expires. */
  home(): void;
  /** Expires the request that is shown. */
  expire(): void;
  view(): PhoneView;
  readonly personalQr: string;
}

export function createPhone(
  context: Context,
  deliveries: Deliveries,
  user: SimulatedUser,
  tell: (text: string) => void,
): Phone {
  function shown(): SimulatedPayment | undefined {
    const { app } = user;
    if (app.kind !== "request" && app.kind !== "approved") return undefined;
    const payment = context.state.payments.get(paymentKey(app.msn, app.reference));
    if (payment !== undefined) letTimePass(context, payment);
    return payment;
  }

  /** The app gives up if a limit is set; a request that arrives later is shown nevertheless. */
  function stopWaiting(): void {
    const { appWaitsMs } = context.switches;
    if (user.app.kind !== "waiting" || appWaitsMs === undefined) return;
    if (context.clock.monotonicMs() - user.app.sinceMs >= appWaitsMs)
      user.app = { kind: "message", text: "The store sent no request." };
  }

  function scanOneTime(payment: SimulatedPayment): void {
    letTimePass(context, payment);
    const isOpen = payment.state === "CREATED" && payment.authorizesMs === undefined;
    user.app = isOpen
      ? { kind: "request", msn: payment.msn, reference: payment.reference }
      : { kind: "message", text: "This code is no longer valid." };
  }

  /** Without a registration, or if the delivery is refused, the app says that it cannot connect (QR API FAQ); otherwise it waits. */
  function checkIn(msn: string, merchantQrId: string, place: string, category: string): void {
    const registration = [...context.state.registrations.values()].find(
      (one) => one.msn === msn && one.events.includes("user.checked-in.v1"),
    );
    if (registration === undefined) {
      user.app = { kind: "cannot-connect" };
      return;
    }
    const customerToken = Buffer.from(context.entropy.bytes(47)).toString("base64");
    const endsMs = context.clock.monotonicMs() + context.settings.customerTokenLifeMs;
    remember(context.state.customerTokens, customerToken, { token: customerToken, msn, userId: user.id, endsMs });
    user.app = { kind: "connecting", place };
    const body = { customerToken, merchantQrId, msn, initiatedAt: checkInTime(context.clock.wallMs()) };
    const onTry = (accepted: boolean, number: number): void => {
      if (number > 1) return;
      tell(accepted ? "the check-in was delivered" : "the check-in was refused: the app says that it cannot connect");
      if (user.app.kind !== "connecting") return;
      user.app = accepted
        ? { kind: "waiting", place, category, sinceMs: context.clock.monotonicMs() }
        : { kind: "cannot-connect" };
    };
    deliveries.enqueue(registration, `check-in ${customerToken}`, body, onTry, context.switches.retryCheckIns);
  }

  return {
    personalQr: user.personalQr,
    scan(text) {
      const callback = [...context.state.callbackQrs.values()].find((qr) => qr.content === text);
      if (callback !== undefined) {
        tell(`scanned the callback code of ${callback.locationDescription}`);
        checkIn(callback.msn, callback.merchantQrId, callback.locationDescription, callback.category);
        return;
      }
      const payment = [...context.state.payments.values()].find(({ qrContent }) => qrContent === text);
      if (payment !== undefined) {
        tell("scanned a one-time payment code");
        scanOneTime(payment);
        return;
      }
      const redirect = [...context.state.redirectQrs.values()].find((qr) => qr.content === text);
      user.app = {
        kind: "message",
        text: redirect === undefined ? "This is not a code that the app knows." : `Opens ${redirect.redirectUrl}`,
      };
    },
    approve() {
      const payment = user.app.kind === "request" ? shown() : undefined;
      if (payment === undefined) return "there is nothing to approve";
      const result = approvePayment(context, payment, user);
      if (typeof result === "object") {
        tell(`the approval failed: ${result.failed}`);
        user.app = { kind: "message", text: `Not approved: ${result.failed}.` };
        return result.failed;
      }
      tell("approved");
      user.hasApproved = true;
      user.app = { kind: "approved", msn: payment.msn, reference: payment.reference };
      return result;
    },
    decline() {
      const payment = user.app.kind === "request" ? shown() : undefined;
      if (payment === undefined) return "there is nothing to decline";
      const isDone = abortPayment(context, payment);
      tell("declined");
      user.app = { kind: "declined" };
      return isDone ? "declined" : "the payment is over";
    },
    home() {
      user.app = { kind: "home" };
    },
    expire() {
      const payment = shown();
      if (payment !== undefined) expirePayment(context, payment);
    },
    view() {
      stopWaiting();
      const payment = shown();
      const isGone = user.app.kind === "request" && payment !== undefined && payment.state !== "CREATED";
      const { app } = user;
      const merchant = payment === undefined ? undefined : context.state.units.get(payment.msn)?.name;
      return {
        user: user.id,
        screen: isGone ? "message" : app.kind,
        place: "place" in app ? app.place : undefined,
        text: isGone ? "The payment is over." : "text" in app ? app.text : undefined,
        reference: payment?.reference,
        merchant,
        amount: payment?.value,
        currency: payment?.currency,
        description: payment?.description,
      };
    },
  };
}
