/** Goal: of two catalogues the newer word counts, also after a restart. Method: the real journal on a simulated disk, opened again. */
import { expect, it } from "vitest";
import { openJournal } from "../../../src/journal/journal.ts";
import { SimulatedDisk } from "../../../src/journal/simulated-disk.ts";
import { catalogueChanges, noCatalogueChanges, readOpenBusiness } from "../../../src/kiosk/open-business.ts";
import { money } from "../../../src/sale/money.ts";
import { catalogue } from "../sale/support.ts";

const dearer = {
  ...catalogue,
  version: "2",
  products: catalogue.products.map((product) => ({ ...product, price: money(9_900, "NOK") })),
};
const edited = { ...catalogue, products: catalogue.products.slice(1) };

it("what the back office set holds over restarts, until the configuration's products are changed", async () => {
  const disk = new SimulatedDisk();
  const open = () => openJournal({ disk, wallMs: () => 1_000_000, retentionMs: 1e12 });
  const first = await open();
  expect(readOpenBusiness(first, catalogue).catalogue).toBeUndefined();
  await first.commit(catalogueChanges(dearer, catalogue));
  await first.close();

  const second = await open();
  expect(readOpenBusiness(second, catalogue)).toMatchObject({ catalogue: dearer, isCatalogueOutdated: false });
  expect(readOpenBusiness(second, edited)).toMatchObject({ catalogue: undefined, isCatalogueOutdated: true });
  await second.commit(noCatalogueChanges);
  await second.close();

  const third = await open();
  expect(readOpenBusiness(third, catalogue)).toMatchObject({ catalogue: undefined, isCatalogueOutdated: false });
  await third.close();
});
