// The words of the second tab, in each language; they join those of texts.js when the tab is shown.

import { texts } from "./texts.js";

export const cutoutTexts = {
  en: {
    cutoutHeading: "Cut out",
    cutoutLead: "Show a photo of a person. Everything behind them goes, or becomes what you like.",
    cutoutNote: "Nobody is in this one, so whatever stands out is cut out.",
    cutoutResult: "Background",
    cutoutEmpty: "The cut-out will appear in place of your photo.",
    cutoutWaiting: "Cutting out …",
    cutoutDone: "The cut-out is there. With the slider you compare it with the photo.",
    cutoutAny: "Cut out whatever stands out",
    backgroundNone: "Transparent",
    backgroundWhite: "White",
    backgroundBlur: "Blurred",
    backgroundColour: "A colour",
    backgroundWhich: "Which colour",
    compare: "Before and after",
    compareValue: "{before} photo, {after} cut-out",
    before: "The photo: {name}",
    after: "The cut-out of {name}",
    download: "Download",
    cutoutSize: "{width} × {height} pixels, {size}",
    tookCutout: "{time} of it for the cutting out itself",
  },
  zh: {
    cutoutHeading: "抠图",
    cutoutLead: "给它看一张人物照片，人物以外的部分会被去掉，或换成您想要的背景。",
    cutoutNote: "这张里没有人，所以抠出的是画面中突出的东西。",
    cutoutResult: "背景",
    cutoutEmpty: "抠图结果会显示在照片的位置。",
    cutoutWaiting: "正在抠图……",
    cutoutDone: "抠图完成。可以用滑块与原图对比。",
    cutoutAny: "抠出画面中突出的东西",
    backgroundNone: "透明",
    backgroundWhite: "白色",
    backgroundBlur: "虚化",
    backgroundColour: "纯色",
    backgroundWhich: "选择颜色",
    compare: "前后对比",
    compareValue: "原图 {before}，抠图 {after}",
    before: "原图：{name}",
    after: "{name} 的抠图结果",
    download: "下载",
    cutoutSize: "{width} × {height} 像素，{size}",
    tookCutout: "其中抠图本身 {time}",
  },
};

for (const [language, words] of Object.entries(cutoutTexts)) Object.assign(texts[language], words);
