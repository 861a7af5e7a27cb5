/// How the page looks, in light and dark, on wide and narrow screens. The eight colours are Okabe and Ito's; yellow, which
/// is hard to see on white, is replaced by grey there.
enum PageStyle {
  static let source: StaticString = """
    :root {
      color-scheme: light dark;
      --page: #f7f7f4; --panel: #ffffff; --ink: #1d2126; --muted: #56606b; --rule: #d8dbde; --grid: #e9ebec;
      --accent: #005a8d; --band: #e9e3d3; --notice: #fff4d6; --notice-edge: #d59b00;
      --c0: #0072b2; --c1: #d55e00; --c2: #009e73; --c3: #cc79a7; --c4: #e69f00; --c5: #56b4e9; --c6: #202020;
      --c7: #767676; --cx: #9aa2aa;
      --l1: #e6f0f7; --l2: #cfe2f0; --l3: #afd0e6; --l4: #86b8d9; --l5: #5b9dca; --l6: #3881b8; --l7: #1d66a1;
      --l8: #0d4c83; --l9: #08335d; --inverse: #ffffff;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --page: #111417; --panel: #191d21; --ink: #e8eaec; --muted: #a3acb5; --rule: #363d44; --grid: #272d33;
        --accent: #7cc4f0; --band: #37342a; --notice: #332b14; --notice-edge: #c99a22;
        --c0: #56b4e9; --c1: #e8731a; --c2: #14b88a; --c3: #dd92bb; --c4: #f0b429; --c5: #3f9bd6; --c6: #f2f2f2;
        --c7: #f0e442; --cx: #707a84;
        --l1: #17293a; --l2: #1b374f; --l3: #204868; --l4: #265c84; --l5: #3175a4; --l6: #478fc0; --l7: #68abd8;
        --l8: #93c7ea; --l9: #c4e3f7; --inverse: #0c1116;
      }
    }
    * { box-sizing: border-box; }
    html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
    body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto,
      "Helvetica Neue", "Noto Sans", "DejaVu Sans", Arial, sans-serif; overflow-wrap: anywhere; }
    header, main, footer { max-width: 74rem; margin: 0 auto; padding: 0 1.25rem; }
    header { padding-top: 1.75rem; }
    h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .35rem; }
    h2 { font-size: 1.25rem; margin: 0 0 .9rem; }
    h3 { font-size: 1rem; margin: 1.2rem 0 .5rem; }
    p { margin: 0 0 .7rem; }
    a { color: var(--accent); }
    code, pre { font: .875em/1.45 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
    pre { margin: .6rem 0 0; padding: .9rem 1rem; background: var(--page); border: 1px solid var(--rule); border-radius: 6px;
      overflow-x: auto; overflow-wrap: normal; }
    .lead { color: var(--muted); max-width: 46rem; }
    .skip { position: absolute; left: 1rem; top: -4rem; background: var(--panel); color: var(--accent); padding: .5rem .9rem;
      border: 2px solid var(--accent); border-radius: 6px; z-index: 2; }
    .skip:focus { top: .6rem; }
    nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.1rem; list-style: none; margin: .9rem 0 0; padding: .6rem 0;
      border-block: 1px solid var(--rule); font-size: .925rem; }
    nav a { display: inline-block; padding: .15rem 0; text-decoration: none; }
    nav a:hover { text-decoration: underline; }
    section { margin: 2.1rem 0; scroll-margin-top: .75rem; }
    main:focus { outline: none; }
    :focus-visible { outline: 3px solid var(--c4); outline-offset: 2px; }
    .notice { background: var(--notice); border-left: 4px solid var(--notice-edge); padding: .6rem .9rem; border-radius: 4px; }
    .tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(10.5rem, 1fr)); gap: .75rem; margin: 0; }
    .tiles div { background: var(--panel); border: 1px solid var(--rule); border-radius: 8px; padding: .7rem .85rem; }
    .tiles dt { color: var(--muted); font-size: .85rem; line-height: 1.3; }
    .tiles dd { margin: .1rem 0 0; font-size: 1.3rem; font-weight: 600; font-variant-numeric: tabular-nums; line-height: 1.3; }
    .tiles dd + dd { font-size: .85rem; font-weight: 400; color: var(--muted); }
    .figures { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 1rem; align-items: start; }
    .figures > .wide, .figures > p { grid-column: 1 / -1; margin: 0; }
    figure { margin: 0; min-width: 0; background: var(--panel); border: 1px solid var(--rule); border-radius: 8px; padding: .85rem 1rem; }
    figcaption { font-weight: 600; margin-bottom: .15rem; }
    .legend { display: flex; flex-wrap: wrap; gap: .1rem .9rem; list-style: none; margin: .1rem 0 .3rem; padding: 0;
      font-size: .875rem; color: var(--muted); }
    .legend li { display: inline-flex; align-items: center; gap: .4rem; min-width: 0; }
    .key { width: 30px; height: 12px; flex: none; }
    .wide .plot { max-width: 37rem; margin-inline: auto; }
    .plot { position: relative; cursor: crosshair; touch-action: pan-y; border-radius: 4px; }
    .plot::after { content: ""; position: absolute; inset: 0; }
    .plot svg { display: block; width: 100%; height: auto; overflow: visible; }
    .readout { min-height: 1.45em; margin: .3rem 0 0; font-size: .875rem; line-height: 1.45; color: var(--muted);
      font-variant-numeric: tabular-nums; }
    .tall { min-height: 2.9em; }
    .note { margin: .3rem 0 0; font-size: .85rem; color: var(--muted); }
    .symbols { position: absolute; width: 0; height: 0; overflow: hidden; }
    svg text { font: 12.5px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "DejaVu Sans", Arial,
      sans-serif; fill: var(--muted); font-variant-numeric: tabular-nums; }
    svg .name { fill: var(--ink); }
    .c0 { --c: var(--c0); } .c1 { --c: var(--c1); } .c2 { --c: var(--c2); } .c3 { --c: var(--c3); }
    .c4 { --c: var(--c4); } .c5 { --c: var(--c5); } .c6 { --c: var(--c6); } .c7 { --c: var(--c7); } .cx { --c: var(--cx); }
    .line { fill: none; stroke: var(--c); stroke-width: 2; stroke-linejoin: round; stroke-linecap: butt; }
    .faint { fill: none; stroke: var(--c); stroke-width: 1; stroke-opacity: .45; stroke-linejoin: round; }
    .none { fill: none; stroke: none; }
    .mark { fill: var(--c); stroke: var(--panel); stroke-width: .8; }
    .dot { fill-opacity: .85; stroke-width: .6; }
    .area { fill: var(--c); } .area.c1 { fill: url(#h1); } .area.c2 { fill: url(#h2); }
    .h1 rect { fill: var(--c1); fill-opacity: .45; } .h1 path { stroke: var(--c1); stroke-width: 2; }
    .h2 rect { fill: var(--c2); fill-opacity: .35; } .h2 path { stroke: var(--c2); stroke-width: 1.2; }
    .band { fill: var(--band); }
    .grid { stroke: var(--grid); } .axis, .tick { stroke: var(--muted); fill: none; } .frame { fill: none; stroke: var(--rule); }
    .notch { stroke: var(--c1); stroke-width: 1.5; }
    .cursor { pointer-events: none; } .cursor path { stroke: var(--ink); stroke-opacity: .5; stroke-dasharray: 3 3; }
    .cursor circle, .cursor rect { fill: none; stroke: var(--ink); stroke-width: 1.8; }
    .l1 { fill: var(--l1); } .l2 { fill: var(--l2); } .l3 { fill: var(--l3); } .l4 { fill: var(--l4); } .l5 { fill: var(--l5); }
    .l6 { fill: var(--l6); } .l7 { fill: var(--l7); } .l8 { fill: var(--l8); } .l9 { fill: var(--l9); }
    svg .number { fill: var(--ink); } svg .inverse { fill: var(--inverse); }
    .scroll { overflow-x: auto; overflow-wrap: normal; border: 1px solid var(--rule); border-radius: 8px; background: var(--panel); }
    table { border-collapse: collapse; width: 100%; font-size: .9rem; font-variant-numeric: tabular-nums; }
    caption { text-align: left; padding: .6rem .8rem; color: var(--muted); font-size: .875rem; }
    th, td { padding: .35rem .8rem; text-align: right; border-top: 1px solid var(--grid); white-space: nowrap; }
    th:first-child, .word { text-align: left; }
    thead th { border-top: 1px solid var(--rule); border-bottom: 1px solid var(--rule); vertical-align: bottom; }
    tbody th { font-weight: 500; max-width: 22rem; overflow: hidden; text-overflow: ellipsis; }
    details { margin-top: .6rem; } summary { cursor: pointer; color: var(--accent); font-size: .925rem; padding: .15rem 0; }
    figure details { margin-top: .35rem; } figure summary { font-size: .85rem; }
    .side { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 1rem; align-items: start; }
    footer { color: var(--muted); font-size: .875rem; padding-top: 1rem; padding-bottom: 2rem; }
    @media (max-width: 52rem) { .figures, .side { grid-template-columns: minmax(0, 1fr); } }
    @media (max-width: 36rem) {
      header, main, footer { padding-left: .8rem; padding-right: .8rem; }
      h1 { font-size: 1.4rem; }
      .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: .5rem; }
      .tiles dd { font-size: 1.1rem; }
      figure { padding: .7rem .65rem; }
      svg text { font-size: 17px; }
      .readout { min-height: 2.9em; }
      nav a { padding: .35rem 0; }
      summary { padding: .4rem 0; }
      .line { stroke-width: 2.4; }
    }
    @media print { .readout, nav, .skip { display: none; } figure, section { break-inside: avoid; } }
    """
}
