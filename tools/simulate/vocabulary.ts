/** The languages that simulated contacts write in; agents translate into English. */
export type SimulatedLanguage = "en" | "es" | "zh";

/** One thing said, in each language. `{role}`, `{city}`, `{company}` and `{name}` are filled in. */
export type Line = Readonly<Record<SimulatedLanguage, string>>;

export interface Topic {
  readonly ask: Line;
  readonly replies: readonly Line[];
}

/** Invented agencies: the names belong to nobody. */
export const COMPANIES = [
  "Larkmeadow Staffing",
  "Quillhaven Workforce",
  "Ostermoor Talent",
  "Brindlewick Personnel",
  "Tamarisk & Vale Staffing",
  "Fernhollow Empleo",
  "Juniper Quay People",
  "Wrenfield Crew",
] as const;

export const AGENT_NAMES = ["Staffing Agent", "Intake Agent", "Reactivation Agent", "Shift Filler"] as const;

export const FIRST_NAMES = [
  "Amara",
  "Benito",
  "Chen",
  "Dolores",
  "Emeka",
  "Freya",
  "Guadalupe",
  "Hiroshi",
  "Imani",
  "Jürgen",
  "Keisha",
  "Liwei",
  "Mateo",
  "Noor",
  "Oksana",
  "Priya",
  "Renée",
  "Santiago",
  "Thandi",
  "Yuki",
] as const;

export const LAST_NAMES = [
  "Abara",
  "Birch",
  "Castillo",
  "Dufresne",
  "Eklund",
  "Fujita",
  "Garza",
  "Holloway",
  "Ibarra",
  "Jansen",
  "Khan",
  "Lindqvist",
  "Moreno",
  "Nakamura",
  "Okafor",
  "Petrov",
  "Quispe",
  "Rossi",
  "Santos",
  "Zhang",
] as const;

/** North American area codes; with 555-0100 to 555-0199 behind them the numbers are reserved for fiction. */
export const AREA_CODES = [
  "201",
  "206",
  "212",
  "213",
  "214",
  "216",
  "224",
  "281",
  "303",
  "305",
  "312",
  "314",
  "323",
  "404",
  "405",
  "407",
  "408",
  "412",
  "414",
  "415",
  "480",
  "502",
  "503",
  "504",
  "505",
  "510",
  "512",
  "513",
  "602",
  "612",
  "614",
  "615",
  "617",
  "619",
  "702",
  "704",
  "713",
  "718",
  "801",
  "818",
] as const;

export const CITIES = ["Tulsa", "Fresno", "El Paso", "Dayton", "Reno", "Mobile", "Boise", "Peoria"] as const;

export const ROLES: readonly Line[] = [
  { en: "forklift operator", es: "operador de montacargas", zh: "叉车司机" },
  { en: "warehouse associate", es: "auxiliar de almacén", zh: "仓库员工" },
  { en: "line cook", es: "cocinero de línea", zh: "厨师" },
  { en: "nursing assistant", es: "auxiliar de enfermería", zh: "护理助理" },
  { en: "welder", es: "soldador", zh: "焊工" },
  { en: "receptionist", es: "recepcionista", zh: "前台" },
  { en: "delivery driver", es: "repartidor", zh: "送货司机" },
  { en: "machine operator", es: "operario de máquinas", zh: "机器操作员" },
];

/** How a contact opens the conversation. */
export const OPENINGS: readonly Line[] = [
  { en: "job", es: "trabajo", zh: "工作" },
  { en: "Hi, are you hiring?", es: "Hola, ¿están contratando?", zh: "你好，你们在招人吗？" },
  {
    en: "I saw your ad for a {role} in {city}. Is it still open?",
    es: "Vi su anuncio de {role} en {city}. ¿Sigue disponible?",
    zh: "我看到你们在{city}招{role}的广告，还在招吗？",
  },
  {
    en: "Hello 👋 this is {name}, I need work asap 🙏",
    es: "Hola 👋 soy {name}, necesito trabajo urgente 🙏",
    zh: "你好 👋 我是{name}，急需工作 🙏",
  },
];

/** How an agency opens it, from a campaign or a sequence. */
export const OUTREACH: readonly Line[] = [
  {
    en: "Hi {name}, this is {company}. We have {role} openings in {city}. Interested?",
    es: "Hola {name}, le escribe {company}. Tenemos vacantes de {role} en {city}. ¿Le interesa?",
    zh: "{name}，您好，这里是 {company}。我们在{city}招{role}，您有兴趣吗？",
  },
  {
    en: "{name}, it has been a while! Are you available for new shifts this week?",
    es: "{name}, ¡cuánto tiempo! ¿Está disponible para nuevos turnos esta semana?",
    zh: "{name}，好久不见！这周您可以接新的班次吗？",
  },
];

/** Enough questions for forty messages without a repetition. */
export const TOPICS: readonly Topic[] = [
  {
    ask: {
      en: "Got it! Are you currently looking for job opportunities? If so, I can help you with that.",
      es: "¡Entendido! ¿Busca oportunidades de trabajo? Si es así, puedo ayudarle.",
      zh: "明白了！您现在在找工作吗？如果是，我可以帮您。",
    },
    replies: [
      { en: "Yes please", es: "Sí, por favor", zh: "是的，谢谢" },
      {
        en: "Yes, anything that starts this week would be great.",
        es: "Sí, algo que empiece esta semana estaría muy bien.",
        zh: "是的，这周能开始的最好。",
      },
    ],
  },
  {
    ask: {
      en: "What kind of work are you looking for?",
      es: "¿Qué tipo de trabajo busca?",
      zh: "您想找什么样的工作？",
    },
    replies: [
      {
        en: "I have been a {role} for a few years.",
        es: "He sido {role} unos años.",
        zh: "我做了几年{role}。",
      },
      { en: "{role}, but I'm open", es: "{role}, pero estoy abierto", zh: "{role}，别的也可以" },
    ],
  },
  {
    ask: {
      en: "Are you working right now, or are you free to start?",
      es: "¿Trabaja ahora o está libre para empezar?",
      zh: "您现在有工作吗？还是可以马上开始？",
    },
    replies: [
      { en: "Not working at the moment.", es: "No trabajo por ahora.", zh: "现在没有工作。" },
      {
        en: "I'm working part time, two weeks' notice.",
        es: "Trabajo medio tiempo, dos semanas de aviso.",
        zh: "我做兼职，需要提前两周通知。",
      },
    ],
  },
  {
    ask: {
      en: "Which shift do you prefer: mornings, evenings or nights?",
      es: "¿Qué turno prefiere: mañana, tarde o noche?",
      zh: "您想上早班、晚班还是夜班？",
    },
    replies: [
      {
        en: "Mornings, I pick up my kids at 3",
        es: "Mañana, recojo a mis hijos a las 3",
        zh: "早班，我三点接孩子",
      },
      { en: "nights are fine", es: "de noche está bien", zh: "夜班可以" },
    ],
  },
  {
    ask: {
      en: "How far can you travel from {city}?",
      es: "¿Qué tan lejos de {city} puede viajar?",
      zh: "从{city}出发，您可以去多远上班？",
    },
    replies: [
      {
        en: "About 15 miles, I take the bus.",
        es: "Unas 15 millas, voy en autobús.",
        zh: "大约十五英里，我坐公交。",
      },
      { en: "anywhere, I have a car 🚗", es: "a donde sea, tengo carro 🚗", zh: "哪里都行，我有车 🚗" },
    ],
  },
  {
    ask: {
      en: "Do you have your own transportation?",
      es: "¿Tiene transporte propio?",
      zh: "您有自己的交通工具吗？",
    },
    replies: [
      { en: "yes", es: "sí", zh: "有" },
      {
        en: "No, but my cousin can drive me.",
        es: "No, pero mi primo me lleva.",
        zh: "没有，但我表哥可以送我。",
      },
    ],
  },
  {
    ask: {
      en: "What hourly pay are you hoping for?",
      es: "¿Qué pago por hora espera?",
      zh: "您期望的时薪是多少？",
    },
    replies: [
      { en: "At least $18.50", es: "Por lo menos $18.50", zh: "至少 18.5 美元" },
      { en: "20 an hour or more", es: "20 la hora o más", zh: "每小时二十以上" },
    ],
  },
  {
    ask: {
      en: "How did you hear about {company}?",
      es: "¿Cómo supo de {company}?",
      zh: "您是怎么知道 {company} 的？",
    },
    replies: [
      { en: "A friend told me", es: "Me contó un amigo", zh: "朋友介绍的" },
      {
        en: "I saw a sign near the highway.",
        es: "Vi un letrero en la carretera.",
        zh: "我在公路边看到了招牌。",
      },
    ],
  },
  {
    ask: {
      en: "From 0 to 10, how comfortable are you with a computer?",
      es: "Del 0 al 10, ¿qué tan cómodo se siente con una computadora?",
      zh: "从零到十，您用电脑有多熟练？",
    },
    replies: [
      { en: "0 honestly 😅", es: "0, la verdad 😅", zh: "说实话，零 😅" },
      {
        en: "7, I know e-mail and spreadsheets.",
        es: "7, sé usar correo y hojas de cálculo.",
        zh: "七，我会邮件和表格。",
      },
    ],
  },
  {
    ask: {
      en: "Do you have any certificates, for example for a forklift?",
      es: "¿Tiene certificados, por ejemplo de montacargas?",
      zh: "您有证书吗？例如叉车证？",
    },
    replies: [
      { en: "Yes, it expires next year", es: "Sí, vence el próximo año", zh: "有，明年到期" },
      {
        en: "no, can you help me get one?",
        es: "no, ¿me ayudan a obtener uno?",
        zh: "没有，你们能帮我考吗？",
      },
    ],
  },
  {
    ask: {
      en: "Could you send us a photo or a copy of your résumé?",
      es: "¿Puede enviarnos una foto o copia de su currículum?",
      zh: "您可以发一张照片或一份简历吗？",
    },
    replies: [
      { en: "Here it is", es: "Aquí está", zh: "给您" },
      {
        en: "I'll send it tonight when I'm home.",
        es: "Lo envío esta noche desde casa.",
        zh: "我今晚到家后发。",
      },
    ],
  },
  {
    ask: {
      en: "How should we reach you: phone call, SMS or e-mail?",
      es: "¿Cómo le contactamos: llamada, SMS o correo?",
      zh: "我们怎么联系您：电话、短信还是邮件？",
    },
    replies: [
      { en: "text me", es: "por mensaje", zh: "发短信吧" },
      {
        en: "Call after 5 pm, please.",
        es: "Llame después de las 5, por favor.",
        zh: "请下午五点以后打电话。",
      },
    ],
  },
  {
    ask: {
      en: "Can you lift 50 pounds and stand for eight hours?",
      es: "¿Puede levantar 50 libras y estar de pie ocho horas?",
      zh: "您能搬五十磅、站八个小时吗？",
    },
    replies: [
      { en: "Yes, no problem 💪", es: "Sí, sin problema 💪", zh: "可以，没问题 💪" },
      {
        en: "Lifting is fine, standing is hard for me.",
        es: "Levantar sí, de pie me cuesta.",
        zh: "搬可以，久站有困难。",
      },
    ],
  },
  {
    ask: {
      en: "Have you worked with us before?",
      es: "¿Ha trabajado antes con nosotros?",
      zh: "您以前和我们合作过吗？",
    },
    replies: [
      { en: "Yes, two summers ago.", es: "Sí, hace dos veranos.", zh: "合作过，两年前的夏天。" },
      { en: "no this is my first time", es: "no, es la primera vez", zh: "没有，这是第一次" },
    ],
  },
  {
    ask: {
      en: "Is a weekly pay card all right, or do you need direct deposit?",
      es: "¿Le sirve una tarjeta de pago semanal o necesita depósito directo?",
      zh: "每周用工资卡可以吗？还是需要直接存款？",
    },
    replies: [
      { en: "Direct deposit", es: "Depósito directo", zh: "直接存款" },
      { en: "either one works", es: "cualquiera está bien", zh: "都可以" },
    ],
  },
  {
    ask: {
      en: "The client runs a background check. Is that fine with you?",
      es: "El cliente revisa antecedentes. ¿Está de acuerdo?",
      zh: "客户会做背景调查，您同意吗？",
    },
    replies: [
      { en: "Fine with me", es: "De acuerdo", zh: "同意" },
      { en: "What exactly do they check?", es: "¿Qué revisan exactamente?", zh: "他们具体查什么？" },
    ],
  },
  {
    ask: {
      en: "When could you come to our office in {city} for a short interview?",
      es: "¿Cuándo puede venir a la oficina de {city} a una entrevista corta?",
      zh: "您什么时候能来{city}的办公室面谈一下？",
    },
    replies: [
      { en: "tomorrow 10am", es: "mañana a las 10", zh: "明天上午十点" },
      { en: "Thursday or Friday afternoon.", es: "Jueves o viernes por la tarde.", zh: "周四或周五下午。" },
    ],
  },
  {
    ask: {
      en: "Do you have steel-toe boots, or should we provide them?",
      es: "¿Tiene botas con punta de acero o se las damos?",
      zh: "您有钢头鞋吗？还是需要我们提供？",
    },
    replies: [
      { en: "I have my own", es: "Tengo las mías", zh: "我有" },
      { en: "need size 10 please", es: "necesito talla 10, por favor", zh: "需要十码的" },
    ],
  },
  {
    ask: {
      en: "Would you accept a temporary position that can become permanent?",
      es: "¿Aceptaría un puesto temporal que puede ser permanente?",
      zh: "您接受可以转正的临时工作吗？",
    },
    replies: [
      { en: "Yes", es: "Sí", zh: "接受" },
      {
        en: "I'd rather have a permanent one from the start.",
        es: "Prefiero uno fijo desde el inicio.",
        zh: "我更想一开始就是正式的。",
      },
    ],
  },
  {
    ask: {
      en: "Thank you, {name}! A recruiter will contact you within one business day. Anything else?",
      es: "¡Gracias, {name}! Un reclutador le contactará en un día hábil. ¿Algo más?",
      zh: "谢谢您，{name}！招聘人员会在一个工作日内联系您。还有别的问题吗？",
    },
    replies: [
      { en: "No, thank you 🙏", es: "No, gracias 🙏", zh: "没有了，谢谢 🙏" },
      { en: "STOP", es: "ALTO", zh: "退订" },
    ],
  },
];

/** In English only: whatever was spoken, the analysis is written in it. */
export const SUMMARIES: readonly string[] = [
  "The user inquired about job opportunities via {channel}.",
  "The candidate asked for {role} work in {city} and gave availability and pay expectations.",
  "The candidate answered the screening questions; the agent promised a call from a recruiter.",
  "The candidate stopped answering after the first question.",
  "The candidate asked to be removed from the list.",
];

export const HEARD_ABOUT = ["", "A friend", "Billboard", "Facebook", "por un primo 🙌", "朋友介绍"] as const;

export const VOICES = ["11labs-Adrian", "11labs-Lily", "openai-Alloy", "cartesia-Sofia"] as const;
