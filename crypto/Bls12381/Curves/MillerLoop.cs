using System.Runtime.CompilerServices;
using Bft.Crypto.Bls12381.Fields;
using Bft.Crypto.Bls12381.Lanes;

namespace Bft.Crypto.Bls12381.Curves;

/// <summary>The Miller loop of the optimal ate pairing: f_{z,Q}(P) for several pairs at once.</summary>
/// <remarks>
/// <para>The point T on the twist is in homogeneous coordinates (Costello, Lange and Naehrig 2010; Aranha et al. 2011). A line through points of the twist,
/// taken back to E by (x, y) → (x/w², y/w³) and scaled by w³ and by factors of Fp2, which the final exponentiation removes, is
/// l0 + l1·xP·v + l4·yP·v·w.</para>
/// <para>P keeps its projective coordinates, too: the line is scaled by its Z, which saves an inversion.</para>
/// </remarks>
internal static class MillerLoop
{
    /// <summary>Pairs whose state fits on the stack; more are done in several loops.</summary>
    public const int PairsPerLoop = 16;

    /// <summary>A pair and how far its loop has come.</summary>
    internal struct Pair
    {
        private Projective<Fp, G1Curve> _p;
        private Fp2 _qx;
        private Fp2 _qy;
        private Projective<Fp2, G2Curve> _t;

        /// <summary>The point of G1.</summary>
        public readonly Projective<Fp, G1Curve> P => _p;

        /// <summary>x of the point of G2.</summary>
        public readonly Fp2 Qx => _qx;

        /// <summary>y of the point of G2.</summary>
        public readonly Fp2 Qy => _qy;

        /// <summary>A pair at the start of the loop; neither point is the identity.</summary>
        public static Pair Of(in Projective<Fp, G1Curve> p, in Projective<Fp2, G2Curve> q)
        {
            var pair = new Pair { _p = p };
            Projective<Fp2, G2Curve>.ToAffine(q, out pair._qx, out pair._qy);
            pair._t = new() { X = pair._qx, Y = pair._qy, Z = Fp2.One };
            return pair;
        }

        /// <summary>f·(tangent at T)(P); T := 2T.</summary>
        [SkipLocalsInit]
        public void DoubleStep(ref Fp12 f)
        {
            // With b' the curve's constant: B = Y², E = 3b'Z², F = 3E, H = 2YZ.
            // Line: (B - E) - 3X²·xP·v + H·yP·v·w. Twice T: (2XY(B - F), (B + F)² - 12E², 4BH).
            Fp2.Square(_t.Y, out Fp2 b);
            Fp2.Square(_t.Z, out Fp2 zz);
            G2Curve.MultiplyByThreeB(zz, out Fp2 e);
            Fp2.Multiply(_t.Y, _t.Z, out Fp2 yz);
            Fp2.Multiply(_t.X, _t.Y, out Fp2 xy);
            Fp2.Square(_t.X, out Fp2 xx);
            Fp2.Add(yz, yz, out Fp2 h);
            Fp2.Subtract(b, e, out Fp2 l0);
            Fp2.Add(xx, xx, out Fp2 l1);
            Fp2.Add(l1, xx, out l1);
            Fp2.SubtractWide(default, l1, out l1);
            MultiplyByLine(ref f, l0, l1, h);

            Fp2.Add(e, e, out Fp2 f3);
            Fp2.Add(f3, e, out f3);
            Fp2.Subtract(b, f3, out Fp2 minus);
            Fp2.Add(b, f3, out Fp2 plus);
            Fp2.Add(xy, xy, out xy);
            Fp2.Multiply(xy, minus, out _t.X);
            Fp2.Square(e, out Fp2 ee);
            Fp2.Add(ee, ee, out Fp2 twelve);
            Fp2.Add(twelve, ee, out twelve);
            Fp2.Add(twelve, twelve, out twelve);
            Fp2.Add(twelve, twelve, out twelve);
            Fp2.Square(plus, out plus);
            Fp2.SubtractWide(plus, twelve, out plus);
            Fp2.Reduce(plus, out _t.Y);
            Fp2.Add(h, h, out h);
            Fp2.Add(h, h, out h);
            Fp2.Reduce(h, out h);
            Fp2.Multiply(b, h, out _t.Z);
        }

        /// <summary>f·(line through T and Q)(P); T := T + Q.</summary>
        [SkipLocalsInit]
        public void AddStep(ref Fp12 f)
        {
            // θ = Y - yQ·Z, λ = X - xQ·Z. Line: (θ·xQ - λ·yQ) - θ·xP·v + λ·yP·v·w.
            Fp2.Multiply(_qy, _t.Z, out Fp2 theta);
            Fp2.Subtract(_t.Y, theta, out theta);
            Fp2.Reduce(theta, out theta);
            Fp2.Multiply(_qx, _t.Z, out Fp2 lambda);
            Fp2.Subtract(_t.X, lambda, out lambda);
            Fp2.Reduce(lambda, out lambda);
            Fp2.Multiply(theta, _qx, out Fp2 l0);
            Fp2.Multiply(lambda, _qy, out Fp2 known);
            Fp2.Subtract(l0, known, out l0);
            Fp2.Negate(theta, out Fp2 l1);
            MultiplyByLine(ref f, l0, l1, lambda);

            // C = θ², D = λ², E = λ³, F = Z·C, G = X·D, H = E + F - 2G: T + Q is (λH, θ(G - H) - E·Y, Z·E).
            Fp2.Square(theta, out Fp2 c);
            Fp2.Square(lambda, out Fp2 d);
            Fp2.Multiply(lambda, d, out Fp2 e);
            Fp2.Multiply(_t.Z, c, out Fp2 ff);
            Fp2.Multiply(_t.X, d, out Fp2 g);
            Fp2.Add(e, ff, out Fp2 h);
            Fp2.Add(g, g, out Fp2 twice);
            Fp2.Subtract(h, twice, out h);
            Fp2.Reduce(h, out h);
            Fp2.Multiply(lambda, h, out _t.X);
            Fp2.Subtract(g, h, out g);
            Fp2.Multiply(theta, g, out g);
            Fp2.Multiply(e, _t.Y, out Fp2 ey);
            Fp2.Subtract(g, ey, out g);
            Fp2.Reduce(g, out _t.Y);
            Fp2.Multiply(_t.Z, e, out _t.Z);
        }

        private readonly void MultiplyByLine(ref Fp12 f, in Fp2 l0, in Fp2 l1, in Fp2 l4)
        {
            Fp2.Scale(l0, _p.Z, out Fp2 c0);
            Fp2.Scale(l1, _p.X, out Fp2 c1);
            Fp2.Scale(l4, _p.Y, out Fp2 c4);
            Fp12.MultiplyByLine(f, c0, c1, c4, out f);
        }
    }

    /// <summary>Multiplies <paramref name="product"/> by the loops of the pairs.</summary>
    [SkipLocalsInit]
    public static void MultiplyInto(ref Fp12 product, Span<Pair> pairs)
    {
        Fp12 f;
        if (FpLanes.IsSupported)
        {
            MillerLanes.Loop(pairs, out f);
        }
        else
        {
            Loop(pairs, out f);
        }

        // z is negative.
        Fp12.Conjugate(f, out f);
        Fp12.Multiply(product, f, out product);
    }

    /// <summary>The product of the loops of the pairs, for |z|, one pair at a time.</summary>
    [SkipLocalsInit]
    internal static void Loop(Span<Pair> pairs, out Fp12 product)
    {
        Fp12 f = Fp12.One;
        for (int bit = 62; bit >= 0; bit--)
        {
            if (bit != 62)
            {
                Fp12.Square(f, out f);
            }

            foreach (ref Pair pair in pairs)
            {
                pair.DoubleStep(ref f);
            }

            if (((CurveParameter.Absolute >> bit) & 1) != 0)
            {
                foreach (ref Pair pair in pairs)
                {
                    pair.AddStep(ref f);
                }
            }
        }

        product = f;
    }
}
