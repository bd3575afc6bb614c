/* A table of towns by the hashes of their names. */
#include "match/metro.h"

#include <pthread.h>

/* The first town of a row is the large one; "/" stands before the state of the towns behind it. */
static const char *const areas[] = {
    "New York /NY Brooklyn,Queens,Bronx,Manhattan,Staten Island,Yonkers,White Plains,New Rochelle,Long Island "
    "City,Mineola,Garden "
    "City,Hempstead,Melville /NJ Jersey City,Newark,Hoboken,Elizabeth,Paterson,Clifton,Secaucus,Edison,Union "
    "City,Hackensack,"
    "Weehawken,Bayonne,Parsippany,Fort Lee /CT Stamford,Greenwich,Norwalk",
    "Los Angeles /CA Long Beach,Pasadena,Glendale,Burbank,Santa Monica,Torrance,Anaheim,Santa "
    "Ana,Irvine,Inglewood,Culver "
    "City,El Segundo,Costa Mesa,Orange,Fullerton,Compton,Carson,Downey,Pomona,West Hollywood,Beverly Hills,Van Nuys",
    "Chicago /IL Evanston,Oak Park,Naperville,Aurora,Joliet,Schaumburg,Cicero,Skokie,Oak Brook,Des "
    "Plaines,Elgin,Rosemont,"
    "Arlington Heights,Downers Grove,Deerfield,Northbrook,Waukegan,Bolingbrook,Lombard,Elk Grove Village /IN "
    "Gary,Hammond",
    "Dallas /TX Fort Worth,Plano,Irving,Arlington,Garland,Frisco,McKinney,Richardson,Grand "
    "Prairie,Carrollton,Denton,Mesquite,"
    "Lewisville,Grapevine,Addison,Southlake,Coppell",
    "Houston /TX Pasadena,Sugar Land,The Woodlands,Katy,Pearland,Baytown,League City,Spring,Stafford,Missouri "
    "City,Conroe,"
    "Humble,Deer Park,La Porte",
    "Washington /DC Washington /VA Arlington,Alexandria,Fairfax,Reston,McLean,Tysons,Herndon,Vienna,Falls "
    "Church,Springfield,"
    "Chantilly,Ashburn,Manassas /MD Bethesda,Silver Spring,Rockville,Gaithersburg,College "
    "Park,Hyattsville,Bowie,Germantown",
    "Philadelphia /PA King of Prussia,Conshohocken,Chester,Norristown,Bensalem,Malvern,Wayne,West Chester /NJ "
    "Camden,Cherry "
    "Hill,Mount Laurel /DE Wilmington",
    "Miami /FL Fort Lauderdale,Hialeah,Miami Beach,Hollywood,Coral Gables,Doral,Pompano Beach,Miramar,Pembroke "
    "Pines,Boca "
    "Raton,West Palm Beach,Miami Gardens,Homestead,Plantation,Sunrise,Davie",
    "Atlanta /GA Marietta,Decatur,Alpharetta,Sandy "
    "Springs,Roswell,Smyrna,Duluth,Norcross,Kennesaw,Lawrenceville,College "
    "Park,East Point,Peachtree City,Peachtree Corners,Dunwoody,Johns Creek",
    "Boston /MA "
    "Cambridge,Somerville,Quincy,Newton,Waltham,Brookline,Medford,Malden,Watertown,Burlington,Framingham,Woburn,"
    "Lexington,Needham,Braintree,Lynn,Salem,Revere,Chelsea,Everett,Dedham,Norwood /NH Nashua",
    "Phoenix /AZ Mesa,Scottsdale,Tempe,Chandler,Glendale,Gilbert,Peoria,Surprise,Goodyear,Avondale",
    "San Francisco /CA Oakland,San Mateo,Berkeley,Daly City,South San Francisco,Redwood City,Palo Alto,Menlo "
    "Park,Mountain "
    "View,San Jose,Sunnyvale,Santa Clara,Fremont,Hayward,San Bruno,Burlingame,Emeryville,Alameda,San Leandro,Walnut "
    "Creek,Concord,Richmond,Cupertino,Foster City,San Rafael,Pleasanton,Milpitas,Union City",
    "San Jose /CA Sunnyvale,Santa Clara",
    "Seattle /WA Bellevue,Redmond,Kirkland,Renton,Tacoma,Everett,Kent,Tukwila,Bothell,Issaquah,Auburn,Lynnwood,Federal "
    "Way,"
    "Shoreline,SeaTac,Burien",
    "Minneapolis /MN Saint Paul,St. Paul,Bloomington,Eden Prairie,Plymouth,Edina,Minnetonka,Eagan,Brooklyn Park,Maple "
    "Grove",
    "San Diego /CA Chula Vista,Carlsbad,La Jolla,Escondido,Oceanside,El Cajon,National City,La Mesa,Poway",
    "Tampa /FL St. Petersburg,Clearwater,Brandon,Largo,Wesley Chapel",
    "Denver /CO Aurora,Lakewood,Littleton,Englewood,Westminster,Centennial,Arvada,Broomfield,Golden,Thornton,Greenwood "
    "Village,Commerce City,Northglenn,Lone Tree,Boulder",
    "Baltimore /MD Towson,Columbia,Owings Mills,Hunt Valley,Glen Burnie,Catonsville",
    "St. Louis /MO Clayton,Chesterfield,Florissant,St. Charles,Maryland Heights /IL Belleville,East St. "
    "Louis,Edwardsville",
    "Orlando /FL Kissimmee,Winter Park,Lake Mary,Altamonte Springs,Sanford,Maitland",
    "Charlotte /NC Concord,Gastonia,Matthews,Huntersville,Pineville /SC Rock Hill,Fort Mill",
    "San Antonio /TX New Braunfels,Schertz,Universal City",
    "Portland /OR Beaverton,Hillsboro,Gresham,Tigard,Lake Oswego,Tualatin,Milwaukie,Clackamas /WA Vancouver",
    "Sacramento /CA Roseville,Folsom,Elk Grove,Rancho Cordova,Rocklin,West Sacramento,Citrus Heights",
    "Pittsburgh /PA Cranberry Township,Moon Township,Monroeville,Bethel Park",
    "Austin /TX Round Rock,Cedar Park,Georgetown,Pflugerville,San Marcos,Leander,Kyle",
    "Las Vegas /NV Henderson,North Las Vegas,Paradise,Summerlin",
    "Cincinnati /OH Mason,Blue Ash,West Chester,Fairfield,Hamilton /KY Covington,Florence,Newport",
    "Kansas City /MO Kansas City,Independence,Lee's Summit,North Kansas City,Liberty /KS Kansas City,Overland "
    "Park,Olathe,"
    "Lenexa,Shawnee,Leawood",
    "Columbus /OH Dublin,Westerville,Grove City,Hilliard,Gahanna,Reynoldsburg,New Albany,Worthington,Upper Arlington",
    "Indianapolis /IN Carmel,Fishers,Greenwood,Plainfield,Noblesville,Whitestown",
    "Cleveland /OH Lakewood,Parma,Beachwood,Euclid,Westlake,Strongsville,Independence,Mentor,Solon",
    "Nashville /TN Franklin,Brentwood,Murfreesboro,Smyrna,Hendersonville,Antioch,La Vergne",
    "Virginia Beach /VA Norfolk,Chesapeake,Newport News,Hampton,Portsmouth",
    "Providence /RI Warwick,Cranston,Pawtucket,East Providence",
    "Milwaukee /WI Waukesha,Brookfield,West Allis,Wauwatosa,Menomonee Falls",
    "Jacksonville /FL Orange Park,St. Augustine,Ponte Vedra Beach",
    "Raleigh /NC Durham,Cary,Morrisville,Chapel Hill,Research Triangle Park,Apex,Garner",
    "Memphis /TN Germantown,Bartlett,Collierville /MS Southaven,Olive Branch,Horn Lake /AR West Memphis",
    "Detroit /MI Dearborn,Troy,Warren,Southfield,Livonia,Sterling Heights,Auburn Hills,Farmington "
    "Hills,Novi,Romulus,Royal Oak",
    "Salt Lake City /UT West Valley City,Sandy,Draper,Lehi,Murray,South Jordan,West Jordan,Midvale,Provo,Orem",
    "Oklahoma City /OK Edmond,Norman,Moore,Midwest City,Yukon",
    "Richmond /VA Glen Allen,Henrico,Chester,Midlothian,Mechanicsville",
    "Louisville /KY Jeffersontown,Shepherdsville /IN Jeffersonville,New Albany,Clarksville",
    "Buffalo /NY Amherst,Cheektowaga,Tonawanda,Williamsville",
    "Tulsa /OK Broken Arrow,Owasso,Jenks",
    "Omaha /NE Bellevue,Papillion,La Vista /IA Council Bluffs",
    "Albuquerque /NM Rio Rancho",
    "Tucson /AZ Marana,Oro Valley",
    "Boise /ID Meridian,Nampa,Eagle,Caldwell",
    "Riverside /CA San Bernardino,Ontario,Corona,Moreno Valley,Fontana,Rancho Cucamonga,Redlands,Rialto",
    "Toronto /ON Mississauga,Brampton,Markham,Vaughan,Scarborough,Etobicoke,North York,Richmond Hill,Oakville",
    "Vancouver /BC Burnaby,Surrey,Richmond,Coquitlam,New Westminster,North Vancouver,Delta,Langley",
    "Montreal /QC Laval,Longueuil,Brossard",
};

enum { SLOTS = 4096, LONGEST = 64 };

static struct slot {
    uint64_t key;
    unsigned area;
} slots[SLOTS];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static struct slot *slot_of(uint64_t key) {
    size_t i = (size_t)((key * UINT64_C(0x9E3779B97F4A7C15)) >> 52);
    while (slots[i].key && slots[i].key != key)
        i = (i + 1) % SLOTS;
    return &slots[i];
}

/* The first area keeps a town that stands in two. */
static void enter(uint64_t key, unsigned area) {
    struct slot *s = slot_of(key);
    s->area = s->key ? s->area : area;
    s->key = key;
}

static uint64_t pair(uint32_t town, uint32_t state) {
    return (uint64_t)town << 32 | state;
}

static void enter_town(jl_span town, jl_span state, unsigned area, bool alone) {
    char text[LONGEST];
    uint32_t place[JL_FACTS_PLACES];
    if (town.n + state.n + 2 > sizeof text)
        return;
    memcpy(text, town.p, town.n);
    memcpy(text + town.n, ", ", 2);
    memcpy(text + town.n + 2, state.p, state.n);
    if (jl_facts_place((jl_span){text, town.n + 2 + state.n}, place) < 2)
        return;
    enter(pair(place[0], place[1]), area);
    if (alone)
        enter(pair(place[0], 0), area);
}

static void enter_area(const char *row, unsigned area) {
    const char *p = strchr(row, '/');
    jl_span first = {row, (size_t)(p - 1 - row)}, state = {p + 1, 2};
    enter_town(first, state, area, true);
    for (p += 4; *p;) {
        size_t n = strcspn(p, ",/");
        bool last = p[n] == '/';
        enter_town((jl_span){p, last ? n - 1 : n}, state, area, false);
        p += n;
        if (last) {
            state.p = p + 1;
            p += 4;
        } else if (*p) {
            ++p;
        }
    }
}

static void build(void) {
    for (size_t i = 0; i < sizeof areas / sizeof *areas; ++i)
        enter_area(areas[i], (unsigned)i + 1);
}

unsigned jl_metro_of(const uint32_t place[JL_FACTS_PLACES]) {
    pthread_once(&once, build);
    if (!place[0])
        return 0;
    for (size_t i = 0; i < JL_FACTS_PLACES && place[i]; ++i)
        for (size_t k = 0; k < JL_FACTS_PLACES && place[k]; ++k) {
            unsigned area = i == k ? 0 : slot_of(pair(place[i], place[k]))->area;
            if (area)
                return area;
        }
    return place[1] ? 0 : slot_of(pair(place[0], 0))->area;
}
