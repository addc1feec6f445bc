"""What the lexical index knows of each language that Snowball stems: its codes, its function words, its own letters.

The lists hold articles, pronouns, prepositions, conjunctions and forms of "to be" and "to have". They are short on purpose:
a word that can carry meaning stays, negations and modal verbs with it. Words stand as they are written, in lower case.
"""

from __future__ import annotations

from ragkit.records import record


@record
class Language:
    """``codes`` are ISO 639. ``letters`` are letters with marks that are the language's own and keep them, while marks of
    other letters are dropped once the word is stemmed; ``None``: all marks stay. ``respelled`` maps letters before stemming."""

    name: str
    codes: tuple[str, ...]
    stop_words: str
    letters: str | None = None
    respelled: tuple[tuple[str, str], ...] = ()


LANGUAGES: tuple[Language, ...] = (
    Language(
        name="english",
        codes=("en", "eng"),
        stop_words="a an and are as at be been but by did do does for from had has have he her him his how i if in into is it its me my "
        "of on or our she so such than that the their them then there these they this those to us was we were what when where "
        "which who whom whose why with you your",
    ),
    Language(
        name="arabic",
        codes=("ar", "ara"),
        stop_words="في من على إلى الى عن مع أن ان إن هذا هذه ذلك تلك هو هي هم هن أنا نحن أنت التي الذي الذين اللذين ما ماذا متى أين كيف "
        "لماذا كان كانت يكون تكون قد ثم أو او و بين حتى عند منذ كل أي إذا اذا لكن كما حيث هل",
    ),
    Language(
        name="armenian",
        codes=("hy", "hye", "arm"),
        stop_words="է են եմ ես ենք եք էր էին և ու որ որի որը որոնք այս այդ այն նա նրա նրանք մեր մեզ իմ ինձ դու դուք ձեր իր իրենց մեջ "
        "մասին հետ համար վրա թե բայց կամ երբ որտեղ ինչ ինչու ինչպես ով",
    ),
    Language(
        name="basque",
        codes=("eu", "eus", "baq"),
        stop_words="eta edo baina da dira zen ziren izan du dute zuen zuten dago daude bat batzuk hau hori hura hauek horiek haiek ni zu "
        "gu zuek bera beraiek nire zure gure bere haien zer nor noiz non nola zein zergatik ere baino",
        letters="ñ",
    ),
    Language(
        name="catalan",
        codes=("ca", "cat"),
        stop_words="el la els les l un una uns unes de del dels d a al als en amb per pels pel i o però que què qui quin quina quins "
        "quines quan on com perquè si és són era eren ser estar ha han havia hem he això aquest aquesta aquests aquestes "
        "aquell aquella jo tu ell ella nosaltres vosaltres ells em et es s m t n ens us li hi ho seu seva seus seves meu "
        "meva teu teva nostre vostre lo",
        letters="",
    ),
    Language(
        name="czech",
        codes=("cs", "ces", "cze"),
        stop_words="a i o u v ve k ke s se z ze na do od po pro při za před nad pod mezi že aby ale nebo ani který která které kteří co "
        "kdo kdy kde jak proč je jsou jsem jsi jsme jste byl byla bylo byli být ten ta to ti ty tento tato toto já on ona ono "
        "my vy oni mě mi mu ho jí jim jeho její jejich můj moje náš naše si",
        letters="áčďéěíňóřšťúůýž",
    ),
    Language(
        name="danish",
        codes=("da", "dan"),
        stop_words="og i jeg det at en et den til er som på de med han af for var hun der mig dig sig fra ham os jer dem vi du ind hvad "
        "hvem hvor hvornår hvordan hvorfor hvilken hvilket hvilke hendes hans deres min mit mine din dit dine sin sit sine "
        "vores jeres denne dette disse dens dets har havde have være været eller men om hvis når så end",
        letters="å",
    ),
    Language(
        name="dutch",
        codes=("nl", "nld", "dut"),
        stop_words="de het een en van ik te dat die in is hij zij ze was op met als voor had er maar om hem dan zou of wat mijn dit zo "
        "door over bij ook uit je jij u wij we jullie hun haar zijn ons onze uw heeft hebben hebt heb ben bent waren werd "
        "werden word wordt aan naar deze wie waar wanneer hoe waarom welke welk hen mij me zich t",
        letters="",
    ),
    Language(
        name="esperanto",
        codes=("eo", "epo"),
        stop_words="la kaj aŭ sed de da al en el por per pri kun sur sub ĉe ĝis ke kiu kiuj kio kie kiam kiel kial kies estas estis estos "
        "esti mi vi li ŝi ĝi ni ili oni si mia via lia ŝia ĝia nia ilia sia tiu tiuj tio ĉi ĉu se ol ĉar",
        letters="ĉĝĥĵŝŭ",
    ),
    Language(
        name="estonian",
        codes=("et", "est"),
        stop_words="ja või aga kui et on oli olid oled olen oleme olete olla olnud ma mina sa sina ta tema me meie te teie nad nemad see "
        "need selle nende minu sinu oma mis kes kus millal kuidas miks milline mille kelle ka siis nii ning kuid sest",
        letters="äöõüšž",
    ),
    Language(
        name="finnish",
        codes=("fi", "fin"),
        stop_words="ja tai mutta että jos kun kuin niin on oli olivat ovat olen olet olemme olette olla ollut minä sinä hän me te he se "
        "ne tämä nämä tuo nuo minun sinun hänen meidän teidän heidän sen niiden tämän mikä mitä mitkä kuka kenen ketkä missä "
        "milloin miten miksi joka jotka jossa jonka jota sekä eli myös",
        letters="åäöšž",
    ),
    Language(
        name="french",
        codes=("fr", "fra", "fre"),
        stop_words="le la les l un une des du de d à au aux en dans par pour sur avec sous chez vers et ou mais donc or ni car que qu qui "
        "quoi dont où quand comment pourquoi quel quelle quels quelles lequel laquelle je j tu il elle on nous vous ils elles "
        "me m te t se s lui leur leurs y ce c cet cette ces ça cela ceci mon ma mes ton ta tes son sa ses notre nos votre vos "
        "est sont était étaient être été suis es sommes êtes ai as a avons avez ont avait avaient avoir eu si lorsqu puisqu "
        "jusqu quelqu n",
        letters="",
    ),
    Language(
        name="german",
        codes=("de", "deu", "ger"),
        stop_words="der die das den dem des ein eine einen einem einer eines und oder aber in im an am auf aus bei beim mit nach von vom "
        "zu zum zur für über unter vor durch um als wie wenn dass daß ob weil ich du er sie es wir ihr mich dich sich uns euch "
        "ihm ihn ihnen mein meine dein deine sein seine seiner seinem seinen ihre ihrer ihrem ihren unser unsere euer eure ist "
        "sind war waren bin bist seid sei gewesen hat haben hatte hatten habe hast habt wird werden wurde wurden worden dieser "
        "diese dieses diesem diesen jener jene wer was wann wo warum wem wen wessen welcher welche welches so da auch noch",
        letters="äöü",
    ),
    Language(
        name="greek",
        codes=("el", "ell", "gre"),
        stop_words="ο η το οι τα του της των τον την τους τις ένας μια μία ένα και ή αλλά σε στο στη στην στον στους στις στα από με για "
        "προς που πού ότι πως πώς αν να θα είναι ήταν είμαι είσαι είμαστε έχει έχουν είχε είχαν έχω εγώ εσύ αυτός αυτή αυτό "
        "αυτοί αυτές αυτά εμείς εσείς μου σου μας σας τι ποιος ποια ποιο ποιοι πότε γιατί όταν όπως",
        letters="",
    ),
    Language(
        name="hindi",
        codes=("hi", "hin"),
        stop_words="का के की को से में पर ने और या एक यह वह ये वे इस उस इन उन है हैं था थे थी हो होता होती होते मैं हम तुम आप मेरा मेरी "
        "मेरे हमारा उसका उसकी उसके इसका इसकी इसके उनका उनकी उनके जो जिस जिन कि तो भी ही क्या कौन कब कहाँ कहां कैसे क्यों किस "
        "किसने तक लिए साथ गया गई गए कर करना करने रहा रही रहे",
    ),
    Language(
        name="hungarian",
        codes=("hu", "hun"),
        stop_words="a az egy és vagy de hogy is ez azt ezt ezek azok ő én te mi ti ők engem téged őt minket titeket őket volt voltak van "
        "vannak vagyok vagyunk lesz lenni ha mint mert ki mit kit hol mikor hogyan miért melyik aki ami amely akik amelyek "
        "amit akit meg el fel le be s",
        letters="áéíóöőúüű",
    ),
    Language(
        name="indonesian",
        codes=("id", "ind"),
        stop_words="yang dan di ke dari untuk pada dengan adalah itu ini atau oleh sebagai dalam saya aku kamu anda dia ia kami kita "
        "mereka nya apa siapa kapan bagaimana mengapa mana para juga telah sudah akan bahwa jika kalau karena tetapi namun "
        "ialah",
        letters="",
    ),
    Language(
        name="irish",
        codes=("ga", "gle"),
        stop_words="an na a agus is ar ag le i in de do don ó go faoi as chun trí sa san leis ón den tá bhí atá bhfuil raibh ba mé tú sé "
        "sí muid sinn sibh siad mo ár bhur seo sin siúd é í iad cad cé cá cathain conas nó ach má dá mar",
        letters="",
    ),
    Language(
        name="italian",
        codes=("it", "ita"),
        stop_words="il lo la i gli le l un uno una di del dello della dei degli delle dell a al allo alla ai agli alle all da dal dallo "
        "dalla dai dagli dalle dall in nel nello nella nei negli nelle nell su sul sullo sulla sui sugli sulle sull con per "
        "tra fra e ed o ma che chi cui cosa quale quali quando dove come perché se io tu lui lei noi voi loro mi ti si ci vi "
        "ne mio mia miei mie tuo tua suo sua suoi sue nostro nostra vostro vostra questo questa questi queste quello quella "
        "quelli quelle è sono era erano sei siamo siete essere stato stata ha hanno ho hai abbiamo avete aveva avevano avere c "
        "d",
        letters="",
    ),
    Language(
        name="lithuanian",
        codes=("lt", "lit"),
        stop_words="ir ar bet kad o į iš su prie nuo per po už apie ant be kaip kas kur kada kodėl kuris kuri kurie kurios yra buvo būti "
        "esu esi esame esate aš tu jis ji mes jūs jie jos mano tavo jo jų savo tai šis ši tas ta tie tos šie šios taip jei "
        "jeigu nes dėl",
        letters="ąčęėįšųūž",
    ),
    Language(
        name="nepali",
        codes=("ne", "nep"),
        stop_words="र वा को का की ले लाई मा बाट देखि सम्म छ छन् छु हो हुन् थियो थिए थिई भयो यो त्यो यी ती यस त्यस म हामी तिमी तपाईं ऊ उनी "
        "उनले उनको मेरो हाम्रो तिम्रो के कहाँ कहिले किन कसरी कुन जो जुन पनि नै तर कि भने लागि संग सँग",
    ),
    Language(
        name="norwegian",
        codes=("no", "nor", "nb", "nob", "nn", "nno"),
        stop_words="og i jeg ikkje det at en et ei den til er som på de med han av for var hun der meg deg seg fra ham oss dere dem "
        "vi du hva hvem hvor når hvordan hvorfor hvilken hvilket hvilke hennes hans deres min mitt mine din ditt dine sin sitt "
        "sine vår vårt våre denne dette disse har hadde ha være vært eller men om hvis så enn ein eit eg dei dykk kva kven "
        "kvar korleis kvifor ho",
        letters="å",
    ),
    Language(
        name="persian",
        codes=("fa", "fas", "per"),
        stop_words="و در به از که را با این آن برای است بود بودند هست هستند شد شده می ها های یک تا بر یا اما او من ما شما تو آنها ایشان "
        "خود چه چرا کجا چگونه کی کدام اگر نیز هم پس",
    ),
    Language(
        name="polish",
        codes=("pl", "pol"),
        stop_words="i a o u w we z ze na do od po za przez dla przy pod nad przed między że aby żeby ale lub albo oraz który która które "
        "którzy co kto kiedy gdzie jak dlaczego jest są był była było byli być jestem jesteś ten ta to te ci ja ty on ona ono "
        "my wy oni one mnie mi mu go jej jemu ich im się mój moja moje swój jego nasz wasz czy",
        letters="ąćęłńóśźż",
    ),
    Language(
        name="portuguese",
        codes=("pt", "por"),
        stop_words="o a os as um uma uns umas de do da dos das em no na nos nas por pelo pela pelos pelas para com sem sob sobre e ou mas "
        "que quem qual quais quando onde como porque porquê se eu tu ele ela nós vós eles elles elas você vocês me te lhe lhes "
        "vos meu minha teu tua seu sua seus suas nosso nossa este esta estes estas esse essa esses essas aquele aquela isto "
        "isso aquilo é são era eram ser foi foram está estão estar tem têm tinha ter há ao à aos às",
        letters="",
    ),
    Language(
        name="romanian",
        codes=("ro", "ron", "rum"),
        stop_words="și în la de pe cu din pentru prin spre sub peste un o unui unei niște al a ai ale lui ei lor cel cea cei cele acest "
        "această acești aceste acel acea este e sunt era erau fi fost am are avem aveți au avea eu tu el ea noi voi ele mă te "
        "se îl îi le ne vă meu mea tău ta său sa nostru voastră că să sau dar iar dacă ce cine care când unde cum ca",
        letters="",
        respelled=(("ş", "ș"), ("ţ", "ț")),
    ),
    Language(
        name="russian",
        codes=("ru", "rus"),
        stop_words="и в во на с со к ко о об от до из у за по под над при для без через между а но или что чтобы как когда где почему "
        "зачем если я ты он она оно мы вы они меня тебя его её ее ему ей нас вас их им мне тебе себя мой моя мое мои твой наш "
        "ваш свой своя свои это этот эта эти этого этой тот та те то кто кого чего какой какая какие который которая которое "
        "которые был была было были быть есть же ли бы",
        respelled=(("ё", "е"),),
    ),
    Language(
        name="serbian",
        codes=("sr", "srp"),
        stop_words="i u na s sa od do iz za po o k ka pri pod nad da li je su sam si smo ste bio bila bilo bili biti se ja ti on ona ono "
        "mi vi oni one me te ga mu joj im ih nas vas moj tvoj njegov njen naš vaš njihov ovaj ova ovo taj ta to onaj koji koja "
        "koje šta što ko kada kad gde gdje kako zašto ali ili jer ako а и у на с са од до из за по о к ка при под над да ли је "
        "су сам си смо сте био била било били бити се ја ти он она оно ми ви они оне ме те га му јој им их нас вас мој твој "
        "његов њен наш ваш њихов овај ова ово тај та то онај који која које шта што ко када кад где гдје како зашто али или "
        "јер ако a",
        letters="čćšžđ",
    ),
    Language(
        name="sesotho",
        codes=("st", "sot"),
        stop_words="le ya wa ba ka ke o e ho ha tsa la sa se mo ea oa eo tseo eng mang kae neng",
        letters="",
    ),
    Language(
        name="spanish",
        codes=("es", "spa"),
        stop_words="el la los las lo un una unos unas de del a al en con por para sin sobre y e o u pero que qué quien quién quienes cual "
        "cuál cuáles cuando cuándo donde dónde como cómo porque si yo tú él ella nosotros vosotros ellos ellas usted ustedes "
        "me te se le les nos os mi mis tu tus su sus nuestro nuestra vuestro este esta estos estas ese esa esos esas aquel "
        "aquella esto eso aquello es son era eran ser fue fueron soy eres somos está están estar ha han había habían haber he "
        "hemos",
        letters="ñ",
    ),
    Language(
        name="swedish",
        codes=("sv", "swe"),
        stop_words="och i jag det att en ett den till är som på de med han av för var hon där mig dig sig från honom oss er dem vi ni du "
        "vad vem när hur varför vilken vilket vilka hennes hans deras min mitt mina din ditt dina sin sitt sina vår vårt våra "
        "denna detta dessa har hade ha vara varit eller men om så än dess",
        letters="åäö",
    ),
    Language(
        name="tamil",
        codes=("ta", "tam"),
        stop_words="ஒரு என்று மற்றும் இந்த இது என்ற கொண்டு என்பது பல அந்த அது அவர் நான் உள்ள இவர் என முதல் என்ன இருந்து சில போன்ற "
        "வேண்டும் வந்து இதன் அவன் அவள் நாம் நீ நீங்கள் எந்த எப்படி ஏன் யார் எங்கே எப்போது ஆனால் அல்லது",
    ),
    Language(
        name="turkish",
        codes=("tr", "tur"),
        stop_words="ve veya ya da de ile bir bu şu o ki ama fakat için gibi ben sen biz siz onlar beni seni onu bizi sizi onları bana "
        "sana ona benim senin onun bizim sizin onların ne kim nerede nasıl neden niçin hangi kimin mi mı mu mü ise idi dır dir "
        "dur dür çünkü",
        letters="çğıöşü",
        respelled=(("I", "ı"), ("İ", "i")),
    ),
    Language(
        name="yiddish",
        codes=("yi", "yid"),
        stop_words="און אין פֿון פון די דער דאָס דאס דעם אַ א אַן אן איז זענען איך דו ער זי עס מיר איר זיי מיט אויף צו פֿאַר פאר אַז אז "
        "אָדער אדער אָבער אבער וואָס וואס ווער ווען ווי ווו וואו",
    ),
)

#: Every name and code in lower case, with its language.
BY_NAME = {name: language for language in LANGUAGES for name in (language.name, *language.codes)}
